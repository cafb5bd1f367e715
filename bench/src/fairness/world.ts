// The product with webhooks whose endpoints stand at ports of their own, as endpoints of different people do: connections are counted by
// origin, so webhooks that shared one would wait for each other.
import { launchProduct, type Product, type WorkerProcess } from '../product.js';
import type { Rig } from '../rig.js';
import type { SinkAnswer, SinkCommand } from '../sink.js';
import { webhookUrl } from '../system.js';

/** The product, its workers and its webhooks: webhook `index` is the only one that matches `eventTypeOf(index)`. */
export interface World {
  readonly rig: Rig;
  readonly product: Product;
  readonly workers: readonly WorkerProcess[];
  readonly webhookIds: readonly string[];
  askSink(command: SinkCommand): Promise<SinkAnswer>;
}

/** The event type of one webhook. */
export const eventTypeOf = (index: number): string => `load.webhook${index}`;

/** How many workers and webhooks (at most 256), and what of the webhooks differs from the defaults. */
export interface WorldShape {
  readonly workers: number;
  readonly webhooks: number;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Starts the product and makes the webhooks. */
export async function openWorld(rig: Rig, shape: WorldShape): Promise<World> {
  const product = await rig.opened(launchProduct({ databaseUrl: rig.database.url, redisUrl: rig.redis?.url }), (it) => it.stop());
  const workers: WorkerProcess[] = [];
  while (workers.length < shape.workers) workers.push(await product.startWorker());
  const askSink = (command: SinkCommand): Promise<SinkAnswer> => rig.sink.ask(command);
  const { ports = [] } = await askSink({ name: 'listen', ports: shape.webhooks });
  const webhookIds: string[] = [];
  for (const [index, port] of ports.entries()) {
    const body = { url: webhookUrl(`http://127.0.0.1:${port}`, index), event_types: [eventTypeOf(index)], ...shape.settings };
    webhookIds.push((await product.call<{ id: string }>('/v1/webhooks', body)).id);
  }
  return { rig, product, workers, webhookIds, askSink };
}
