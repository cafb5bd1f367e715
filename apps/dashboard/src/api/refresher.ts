// Reads again when it is asked to: at once, one read at a time, and with a pause after each. What happened during a read may be missing in it, so what is
// asked for meanwhile is done once more.
export type Refresher = { readonly ask: () => void; readonly stop: () => void };

/**
 * @param read throws nothing
 * @param isReading whether somebody else's read is under way, which `read` would share
 * @param pauseMs between the end of a read and the next one
 */
export const createRefresher = (read: () => Promise<unknown>, isReading: () => boolean, pauseMs: number): Refresher => {
  let isBusy = false;
  let isWanted = false;
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = async (): Promise<void> => {
    isBusy = true;
    isWanted = isReading();
    await read();
    if (isStopped) return;
    timer = setTimeout(() => {
      isBusy = false;
      if (isWanted) void run();
    }, pauseMs);
  };
  return {
    ask: () => {
      if (isBusy) isWanted = true;
      else void run();
    },
    stop: () => {
      isStopped = true;
      isBusy = true;
      clearTimeout(timer);
    },
  };
};
