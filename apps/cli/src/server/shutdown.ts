// The life of a server process: it starts, runs, and ends on a signal or when the npm that started it is gone (npm can be killed without passing
// the signal on).
//
//   asked while it starts   what was opened is closed, the embedded Postgres also while it is being made, and it ends at once
//   asked while it runs     stop: take nothing more, finish what runs. Shortly before the time is over, what is still open outside is cut,
//                           so that there is time to commit what came of it
//   the time is over        it ends with `incomplete`, and says what was still open
//   asked again             it ends at once. npm delivers Ctrl-C twice within a millisecond, so only a signal that comes 2 s later counts
import { exitCodes } from '../exit-codes.js';

const secondSignalAfterMs = 2_000;
const lookForParentEveryMs = 500;
/** Kept of the time of a stop for committing what was cut: a tenth, at most so much. */
const reserveMsMax = 2_000;
const reserveShare = 0.1;
/** How long the embedded database may take to stop after a start that failed; it does so without us, too. */
const closeAtEndMs = 30_000;

export type StopTimes = {
  /** When requests to endpoints are cut, and when those who have not sent a whole request are. */
  readonly cutAfterMs: number;
  readonly closeAfterMs: number;
};

export type Server = {
  /** Stops in order; resolves when all is closed. */
  readonly stop: (times: StopTimes) => Promise<void>;
  /** What is not done yet, in words. */
  readonly open: () => readonly string[];
};

export type ServingOptions = {
  /** Opens everything. Whoever opens what must not be left behind says how it is closed; the last is closed first, at the end in any case. */
  readonly start: (closeAtEnd: (close: () => Promise<unknown>) => void) => Promise<Server>;
  /** How long a stop may take. */
  readonly stopMs: number;
  /** End also when the parent process ends. */
  readonly withParent: boolean;
  readonly say: (line: string) => void;
};

const reserveMsOf = (stopMs: number): number => Math.min(reserveMsMax, stopMs * reserveShare);

/** When what happens in a stop that may take so long. */
export const stopTimesOf = (stopMs: number): StopTimes => {
  const reserveMs = reserveMsOf(stopMs);
  return { cutAfterMs: stopMs - reserveMs, closeAfterMs: stopMs - reserveMs / 2 };
};

const within = async (timeoutMs: number, work: Promise<unknown>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
};

/** Resolves with the first reason to end; a second one ends the process. */
const untilAsked = ({ withParent, say }: ServingOptions): Promise<string> =>
  new Promise((resolve) => {
    let askedAt: number | null = null;
    const ask = (reason: string): void => {
      if (askedAt === null) {
        askedAt = performance.now();
        clearInterval(parentWatch);
        resolve(reason);
      } else if (performance.now() - askedAt > secondSignalAfterMs) {
        say(`ending at once (${reason})`);
        process.exit(exitCodes.incomplete);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
    const parent = process.ppid;
    const parentWatch = withParent
      ? setInterval(() => {
          if (process.ppid !== parent) ask('the parent process ended');
        }, lookForParentEveryMs)
      : undefined;
  });

/** Runs a server until it is asked to end; resolves with the exit code. Rejects with what `start` rejects with. */
export const serve = async (options: ServingOptions): Promise<number> => {
  const { start, say } = options;
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne().catch((error: unknown) => say(`closing failed: ${String(error)}`));
  };
  const asked = untilAsked(options);
  let leftMs = (): number => closeAtEndMs;
  void asked.then(() => {
    const endsAt = performance.now() + options.stopMs;
    leftMs = () => Math.max(endsAt - performance.now(), reserveMsOf(options.stopMs));
  });
  const starting = start((closeOne) => void closers.push(closeOne));
  const askedEarly = asked.then((reason) => ({ reason }));
  try {
    const first = await Promise.race([starting, askedEarly]);
    if (!('reason' in first)) return await stopWhenAsked(first, asked, options);
    say(`stopping (${first.reason}) before it was ready`);
    // Whatever it does now fails, or ends with the process.
    starting.catch(() => undefined);
    return exitCodes.ok;
  } finally {
    if (!(await within(leftMs(), close()))) say('the embedded Postgres is still stopping, and does so without this process');
  }
};

const stopWhenAsked = async (server: Server, asked: Promise<string>, { stopMs, say }: ServingOptions): Promise<number> => {
  say(`stopping (${await asked})`);
  try {
    if (await within(stopMs, server.stop(stopTimesOf(stopMs)))) return exitCodes.ok;
    say(`not stopped within ${stopMs / 1_000} s; still open: ${server.open().join(', ') || 'connections to servers'}`);
  } catch (error) {
    say(`stopping failed: ${String(error)}; still open: ${server.open().join(', ') || 'nothing'}`);
  }
  return exitCodes.incomplete;
};
