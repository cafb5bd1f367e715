// One size: a database that is filled, the API, and all reads.
import { launchProduct } from '../product.js';
import { type Servers, withRig } from '../rig.js';
import { webhookUrl } from '../system.js';
import { measureRequest, type ReadTimes } from './measure.js';
import { requestsOf } from './requests.js';
import { seedDeliveries } from './seed.js';
import { measureSettling, type Settling } from './settle.js';
import type { Size } from './size.js';

/** What was measured of a size. */
export interface ConsoleFigures {
  readonly deliveries: number;
  readonly reads: number;
  readonly times: readonly ReadTimes[];
  readonly settling: Settling;
}

const shape = { reads: 100, warmUps: 10, rawRows: 20_000 } as const;
const quickShape = { reads: 20, warmUps: 2, rawRows: 2_000 } as const;
const quickShare = 0.05;

/** Fills, reads and settles; `tell` gets the times of each kind of request as they come. */
export function runConsole(servers: Servers, size: Size, quick: boolean, tell: (times: ReadTimes) => void): Promise<ConsoleFigures> {
  const { reads, warmUps, rawRows } = quick ? quickShape : shape;
  const deliveries = quick ? size.deliveries * quickShare : size.deliveries;
  return withRig(servers, 'postgres', async ({ database, opened, sink }) => {
    const product = await opened(launchProduct({ databaseUrl: database.url, redisUrl: undefined }), (it) => it.stop());
    const seeded = await seedDeliveries(database.pool, deliveries, webhookUrl(`http://127.0.0.1:${sink.port}`, 0));
    const times: ReadTimes[] = [];
    for (const request of requestsOf(seeded)) {
      times.push(await measureRequest(product, request, reads, warmUps));
      tell(times.at(-1)!);
    }
    return { deliveries, reads, times, settling: await measureSettling(database.url, database.pool, rawRows) };
  });
}
