import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createRefresher } from './refresher.js';

const pauseMs = 1_000;

describe('what is read again', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const begin = (isReading = () => false) => {
    const reads: (() => void)[] = [];
    const refresher = createRefresher(() => new Promise<void>((resolve) => reads.push(resolve)), isReading, pauseMs);
    const end = async () => {
      reads.at(-1)?.();
      await jest.advanceTimersByTimeAsync(0);
    };
    return { refresher, reads, end };
  };

  it('is read at once, and however often it is asked for only once more after a pause', async () => {
    const { refresher, reads, end } = begin();
    for (let times = 0; times < 1_000; times += 1) refresher.ask();
    expect(reads).toHaveLength(1);
    await end();
    await jest.advanceTimersByTimeAsync(pauseMs - 1);
    expect(reads).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(reads).toHaveLength(2);
    await end();
    await jest.advanceTimersByTimeAsync(10 * pauseMs);
    expect(reads).toHaveLength(2);
  });

  it('is read again after a read that had begun before it was asked for', async () => {
    let isElsewhere = true;
    const { refresher, reads, end } = begin(() => isElsewhere);
    refresher.ask();
    isElsewhere = false;
    await end();
    await jest.advanceTimersByTimeAsync(pauseMs);
    expect(reads).toHaveLength(2);
  });

  it('is not read once nobody looks any more', async () => {
    const { refresher, reads, end } = begin();
    refresher.ask();
    refresher.ask();
    refresher.stop();
    await end();
    await jest.advanceTimersByTimeAsync(10 * pauseMs);
    refresher.ask();
    expect(reads).toHaveLength(1);
  });
});
