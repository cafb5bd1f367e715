// How many requests to one webhook are under way in this worker: at most its max_in_flight, the others wait their turn in order.

export type Slots = {
  /**
   * Resolves with true once there is a place (give it back with `release`), with false when `giveUp` was called for its ticket before.
   * `untriedMax` bounds it further until an answer in time is told: many endpoints that hang must not take all that the worker can do.
   */
  readonly take: (webhookId: string, inFlightMax: number, untriedMax?: number) => Ticket;
  readonly release: (webhookId: string) => void;
  /** From now on nobody waits: those in line are given up, and who finds no place at once gets none. */
  readonly close: () => void;
  /**
   * A request that outlives its patience makes the webhook slow until it ends and another one was answered in time: an endpoint that hangs
   * would otherwise be tried anew after each timeout, and hold the jobs of the others meanwhile. Told of none, it is tried after slowMs.
   */
  readonly markSlow: (webhookId: string) => void;
  readonly unmarkSlow: (webhookId: string) => void;
  readonly answeredInTime: (webhookId: string) => void;
  readonly isSlow: (webhookId: string) => boolean;
};

export type Ticket = { readonly granted: true | Promise<boolean>; readonly giveUp: () => void };

type Place = { grant: (granted: boolean) => void; gone: boolean };
type Line = { inFlight: number; inFlightMax: number; isTried: boolean; slow: number; slowUntil: number; readonly waiting: Place[] };

const noop = (): void => undefined;
const grantedTicket: Ticket = { granted: true, giveUp: noop };
const refusedTicket: Ticket = { granted: Promise.resolve(false), giveUp: noop };

/** @param slowMs how long a webhook counts as slow after its last slow request ended, if no answer in time is told */
export const createSlots = (slowMs: number): Slots => {
  const lines = new Map<string, Line>();
  let isClosed = false;
  const lineOf = (webhookId: string): Line => {
    let line = lines.get(webhookId);
    if (line === undefined) {
      line = { inFlight: 0, inFlightMax: 0, isTried: false, slow: 0, slowUntil: 0, waiting: [] };
      lines.set(webhookId, line);
    }
    return line;
  };
  const forgetIfIdle = (webhookId: string, line: Line): void => {
    if (line.inFlight === 0 && line.slow === 0 && line.waiting.length === 0 && line.slowUntil === 0) lines.delete(webhookId);
  };
  /** Lets the next in line through; false: nobody waits. */
  const grantNext = (line: Line): boolean => {
    for (let next = line.waiting.shift(); next !== undefined; next = line.waiting.shift()) {
      if (next.gone) continue;
      next.grant(true);
      return true;
    }
    return false;
  };
  return {
    take: (webhookId, inFlightMax, untriedMax = inFlightMax) => {
      const line = lineOf(webhookId);
      line.inFlightMax = inFlightMax;
      if (line.inFlight < (line.isTried ? inFlightMax : Math.min(inFlightMax, untriedMax))) {
        line.inFlight += 1;
        return grantedTicket;
      }
      if (isClosed) return refusedTicket;
      const place: Place = { grant: noop, gone: false };
      const granted = new Promise<boolean>((resolve) => {
        place.grant = resolve;
      });
      line.waiting.push(place);
      return {
        granted,
        giveUp: () => {
          place.gone = true;
          place.grant(false);
        },
      };
    },
    release: (webhookId) => {
      const line = lineOf(webhookId);
      if (grantNext(line)) return;
      line.inFlight -= 1;
      forgetIfIdle(webhookId, line);
    },
    close: () => {
      isClosed = true;
      for (const { waiting } of lines.values()) {
        for (const place of waiting.splice(0)) {
          place.gone = true;
          place.grant(false);
        }
      }
    },
    markSlow: (webhookId) => {
      const line = lineOf(webhookId);
      line.slow += 1;
      line.slowUntil = Number.POSITIVE_INFINITY;
    },
    unmarkSlow: (webhookId) => {
      const line = lineOf(webhookId);
      line.slow -= 1;
      if (line.slow === 0 && line.slowUntil > 0) line.slowUntil = performance.now() + slowMs;
    },
    answeredInTime: (webhookId) => {
      const line = lines.get(webhookId);
      if (line === undefined) return;
      line.slowUntil = 0;
      if (line.isTried) return;
      line.isTried = true;
      while (line.inFlight < line.inFlightMax && grantNext(line)) line.inFlight += 1;
      forgetIfIdle(webhookId, line);
    },
    isSlow: (webhookId) => {
      const line = lines.get(webhookId);
      if (line === undefined) return false;
      if (line.slow > 0 || line.slowUntil > performance.now()) return true;
      if (line.slowUntil === 0) return false;
      line.slowUntil = 0;
      forgetIfIdle(webhookId, line);
      return false;
    },
  };
};
