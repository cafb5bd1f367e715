// The same load on the same product before and during some trouble of one webhook or of several, seen by the others.
import { type Servers, withRig } from '../rig.js';
import type { ChannelRange } from '../sightings.js';
import { type PhaseFigures, runLoadPhase } from './load-phase.js';
import type { Figure } from './scenario.js';
import { openWorld, type World } from './world.js';

/** Which webhooks there are (one worker serves them), how long each phase lasts, and what the trouble is. */
export interface Trial<Seen> {
  readonly webhooks: number;
  /** Of every webhook, beside the defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The first so many get events. */
  readonly loaded: number;
  readonly watched: ChannelRange;
  readonly warmUpS: number;
  readonly beforeS: number;
  readonly duringS: number;
  /** Begins the trouble; what it returns is called when the load is through, and says what was seen of the trouble itself. */
  trouble(world: World): Promise<() => Promise<Seen>>;
}

/** What the watched webhooks saw before and during the trouble. */
export interface Contrast<Seen> {
  readonly before: PhaseFigures;
  readonly during: PhaseFigures;
  readonly seen: Seen;
}

/** A trial in closed loop, and one at a constant rate. */
export interface Contrasts<Seen> {
  readonly closed: Contrast<Seen>;
  readonly steady: Contrast<Seen>;
  readonly steadyRatePerS: number;
}

/** The rate of the second trial, as a share of what the first one reached before the trouble. */
const steadyShare = 0.25;

/** Runs a trial in closed loop, then at a constant rate well below that; each on a product of its own, so that the trouble is new to both. */
export async function contrastTwice<Seen>(servers: Servers, trial: Trial<Seen>): Promise<Contrasts<Seen>> {
  const closed = await contrast(servers, trial);
  const steadyRatePerS = Math.max(1, Math.round(closed.before.eventsPerS * steadyShare));
  return { closed, steady: await contrast(servers, trial, steadyRatePerS), steadyRatePerS };
}

function contrast<Seen>(servers: Servers, trial: Trial<Seen>, ratePerS?: number): Promise<Contrast<Seen>> {
  return withRig(servers, 'redis', async (rig) => {
    const world = await openWorld(rig, { workers: 1, webhooks: trial.webhooks, settings: trial.settings ?? {} });
    const { loaded, watched } = trial;
    const shape = { loaded, watched, ...(ratePerS === undefined ? {} : { ratePerS }) };
    await runLoadPhase(world, { loaded, watched, seconds: trial.warmUpS });
    const before = await runLoadPhase(world, { ...shape, seconds: trial.beforeS });
    const finish = await trial.trouble(world);
    const during = await runLoadPhase(world, { ...shape, seconds: trial.duringS });
    return { before, during, seen: await finish() };
  });
}

/** The figures that say whether the watched webhooks kept their speed. */
export function speedFigures(who: string, { closed, steady, steadyRatePerS }: Contrasts<unknown>): readonly Figure[] {
  const share = `at ${100 * steadyShare} % of that load`;
  return [
    {
      name: `${who}: throughput, closed loop`,
      unit: 'deliveries/s',
      value: closed.during.deliveriesPerS,
      baseline: closed.before.deliveriesPerS,
      bar: { of: 'baseline', relation: '≥', limit: 0.8 },
    },
    {
      name: `${who}: accepted → first byte p99 ${share}`,
      unit: 'ms',
      value: steady.during.firstByte.p99Ms,
      baseline: steady.before.firstByte.p99Ms,
      bar: { of: 'baseline', relation: '≤', limit: 2 },
    },
    {
      name: `${who}: accepted → first byte p50 ${share}`,
      unit: 'ms',
      value: steady.during.firstByte.p50Ms,
      baseline: steady.before.firstByte.p50Ms,
    },
    { name: 'constant rate of the latencies, all webhooks', unit: 'events/s', value: steadyRatePerS },
  ];
}
