// The most memory that a Redis server used while something went on.
import { Redis } from 'ioredis';

const sampleEveryMs = 200;

/** Samples `used_memory` until the returned function is called, which gives the largest sample in MB (10⁶ bytes). */
export async function watchRedisMemory(url: string): Promise<() => Promise<number>> {
  const client = new Redis(url);
  let mostBytes = 0;
  const sample = async (): Promise<void> => {
    const found = /^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1];
    if (found === undefined) throw new Error('Redis does not tell its used_memory');
    mostBytes = Math.max(mostBytes, Number(found));
  };
  await sample();
  let failure: unknown;
  const timer = setInterval(() => {
    sample().catch((error: unknown) => {
      failure ??= error;
    });
  }, sampleEveryMs);
  return async () => {
    clearInterval(timer);
    await sample();
    client.disconnect();
    if (failure !== undefined) throw failure;
    return mostBytes / 1e6;
  };
}
