// Half of the endpoints take every request and never answer: do the others notice?
import { contrastTwice, speedFigures } from './contrast.js';
import type { Figure, Scenario } from './scenario.js';
import type { World } from './world.js';

const webhooks = 100;
const healthy = { from: 0, to: 50 };
const dead = { from: healthy.to, to: webhooks };
/** A slow endpoint is soon called one request at a time, so at 10 failures most circuits would open only after the measurement. */
const circuitThreshold = 5;

interface Seen {
  readonly timeouts: number;
  readonly openings: number;
}

/** See `story`. */
export const halfDead: Scenario = {
  name: 'half-dead',
  story:
    '100 webhooks take turns at the events, one worker. Then 50 endpoints take every request and never answer (timeout 15 s, circuit ' +
    'threshold 5), long enough for several waves of timeouts and for their circuits to open. Once in closed loop, once at a constant rate, ' +
    'each on a product of its own.',
  run: async (servers, quick) => {
    const seconds = quick ? { warmUpS: 2, beforeS: 5, duringS: 20 } : { warmUpS: 5, beforeS: 15, duringS: 60 };
    const settings = { circuit_threshold: circuitThreshold };
    const contrasts = await contrastTwice(servers, {
      ...seconds,
      webhooks,
      settings,
      loaded: webhooks,
      watched: healthy,
      trouble: stopAnswering,
    });
    return [
      ...speedFigures('healthy half', contrasts),
      ...seenFigures('closed loop', contrasts.closed.seen),
      ...seenFigures('constant rate', contrasts.steady.seen),
    ];
  },
};

function seenFigures(trial: string, { timeouts, openings }: Seen): readonly Figure[] {
  return [
    { name: `dead half: attempts that failed, ${trial}`, unit: '', value: timeouts },
    { name: `dead half: webhooks whose circuit opened, ${trial}`, unit: '', value: openings },
  ];
}

async function stopAnswering({ askSink, rig, webhookIds }: World): Promise<() => Promise<Seen>> {
  await askSink({ name: 'answer', of: dead, afterMs: null });
  return async () => {
    const { rows } = await rig.database.pool.query<Seen>(
      `select (select count(distinct webhook_id) from webhook_timeline where kind = 'circuit_opened')::int as openings,
              (select count(*) from attempts where webhook_id = any ($1::uuid[]) and not ok)::int as timeouts`,
      [webhookIds.slice(dead.from, dead.to)],
    );
    return rows[0]!;
  };
}
