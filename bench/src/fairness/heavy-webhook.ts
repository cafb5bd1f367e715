// One webhook with an enormous backlog at a slow endpoint: do the others notice, and does Redis stay small?
import { untilReached } from '../until-reached.js';
import { countWaiting, insertBacklog } from './backlog.js';
import { contrastTwice, speedFigures } from './contrast.js';
import { watchRedisMemory } from './redis-memory.js';
import type { Scenario } from './scenario.js';
import { eventTypeOf, type World } from './world.js';

const others = { from: 0, to: 20 };
const heavy = { from: others.to, to: others.to + 1 };
const answerAfterMs = 200;

interface Seen {
  readonly redisMb: number;
  readonly waiting: number;
}

/** See `story`. */
export const heavyWebhook: Scenario = {
  name: 'heavy-webhook',
  story:
    '20 webhooks take turns at the events, one worker. Then one more webhook has 500,000 deliveries that are due; its endpoint answers after ' +
    '200 ms, so that they last. Once in closed loop, once at a constant rate, each on a product of its own; Redis sampled every 200 ms.',
  run: async (servers, quick) => {
    const seconds = quick ? { warmUpS: 2, beforeS: 5, duringS: 8 } : { warmUpS: 5, beforeS: 15, duringS: 30 };
    const backlog = quick ? 50_000 : 500_000;
    const trouble = (world: World): Promise<() => Promise<Seen>> => pileUp(world, backlog);
    const contrasts = await contrastTwice(servers, { ...seconds, webhooks: heavy.to, loaded: others.to, watched: others, trouble });
    const { closed, steady } = contrasts;
    return [
      ...speedFigures('the others', contrasts),
      {
        name: 'Redis: most used_memory',
        unit: 'MB',
        value: Math.max(closed.seen.redisMb, steady.seen.redisMb),
        bar: { of: 'value', relation: '≤', limit: 64 },
      },
      { name: 'heavy webhook: deliveries still waiting', unit: '', value: Math.min(closed.seen.waiting, steady.seen.waiting) },
    ];
  },
};

async function pileUp({ askSink, product, rig, webhookIds }: World, backlog: number): Promise<() => Promise<Seen>> {
  const { pool } = rig.database;
  const webhookId = webhookIds[heavy.from]!;
  const redisMb = await watchRedisMemory(rig.redis!.url);
  await askSink({ name: 'answer', of: heavy, afterMs: answerAfterMs });
  await insertBacklog(pool, { webhookId, eventType: eventTypeOf(heavy.from), count: backlog });
  await pool.query(`update webhook_state set due_at = now(), settled = false, changed_at = clock_timestamp() where webhook_id = $1`, [
    webhookId,
  ]);
  await untilReached('requests of the backlog', 1, product, async () => (await askSink({ name: 'progress', of: heavy })).requests);
  return async () => {
    const waiting = await countWaiting(pool, webhookId);
    if (waiting < backlog / 2) throw new Error(`only ${waiting} of ${backlog} deliveries still wait: the endpoint was too quick`);
    return { redisMb: await redisMb(), waiting };
  };
}
