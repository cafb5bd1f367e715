// How many requests to one webhook are under way in this worker: at most its max_in_flight, the others wait their turn in order.

export type Slots = {
  /**
   * Resolves with true once there is a place (give it back with `release`), with false when `giveUp` was called for its ticket before.
   */
  readonly take: (webhookId: string, inFlightMax: number) => Ticket;
  readonly release: (webhookId: string) => void;
  /** A request that outlives its patience makes the webhook slow until it ends. */
  readonly markSlow: (webhookId: string) => void;
  readonly unmarkSlow: (webhookId: string) => void;
  readonly isSlow: (webhookId: string) => boolean;
};

export type Ticket = { readonly granted: true | Promise<boolean>; readonly giveUp: () => void };

type Line = { inFlight: number; slow: number; readonly waiting: { grant: (granted: boolean) => void; gone: boolean }[] };

const noop = (): void => undefined;
const grantedTicket: Ticket = { granted: true, giveUp: noop };

export const createSlots = (): Slots => {
  const lines = new Map<string, Line>();
  const lineOf = (webhookId: string): Line => {
    let line = lines.get(webhookId);
    if (line === undefined) {
      line = { inFlight: 0, slow: 0, waiting: [] };
      lines.set(webhookId, line);
    }
    return line;
  };
  const forgetIfIdle = (webhookId: string, line: Line): void => {
    if (line.inFlight === 0 && line.slow === 0 && line.waiting.length === 0) lines.delete(webhookId);
  };
  return {
    take: (webhookId, inFlightMax) => {
      const line = lineOf(webhookId);
      if (line.inFlight < inFlightMax) {
        line.inFlight += 1;
        return grantedTicket;
      }
      const place = { grant: noop as (granted: boolean) => void, gone: false };
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
      for (let next = line.waiting.shift(); next !== undefined; next = line.waiting.shift()) {
        if (next.gone) continue;
        next.grant(true);
        return;
      }
      line.inFlight -= 1;
      forgetIfIdle(webhookId, line);
    },
    markSlow: (webhookId) => {
      lineOf(webhookId).slow += 1;
    },
    unmarkSlow: (webhookId) => {
      const line = lineOf(webhookId);
      line.slow -= 1;
      forgetIfIdle(webhookId, line);
    },
    isSlow: (webhookId) => (lines.get(webhookId)?.slow ?? 0) > 0,
  };
};
