// How long a soak is, and how much it loads.

/** The product as an operator runs it: one API, `workers` workers, Redis and Postgres; `webhooks` of one tenant take turns at the events. */
export interface SoakPlan {
  readonly workers: number;
  readonly webhooks: number;
  /** Of a closed loop before everything else: what is slow only once. */
  readonly firstS: number;
  /** Of the closed loop whose rate is the top rate. */
  readonly topS: number;
  /** Of the top rate, from then on. */
  readonly loadShare: number;
  readonly warmUpS: number;
  readonly soakS: number;
  /** The end of the warm-up and of the soak in which processes are sampled, and how often. */
  readonly windowS: number;
  readonly sampleEveryS: number;
  /** After the drain, before what is open is counted: longer than idle connections to endpoints (15 s) and to Postgres (30 s) are kept. */
  readonly restS: number;
  /** A quick soak is of its machinery: too short to be judged. */
  readonly isJudged: boolean;
}

const shape = { workers: 2, webhooks: 20, loadShare: 0.5 } as const;
const quickShape = { firstS: 2, topS: 3, warmUpS: 8, soakS: 8, windowS: 5, sampleEveryS: 1, restS: 1, isJudged: false } as const;
const wholeShape = { firstS: 5, topS: 20, warmUpS: 180, windowS: 60, sampleEveryS: 5, restS: 45, isJudged: true } as const;

/** A soak of so many minutes after its warm-up; a quick one has its own times. */
export const planSoak = (minutes: number, isQuick: boolean): SoakPlan => ({
  ...shape,
  ...(isQuick ? quickShape : { ...wholeShape, soakS: minutes * 60 }),
});
