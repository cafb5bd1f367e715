// What GET /v1/stats has to say, counted anew from deliveries and attempts.
import { errorKindCodes } from '@posthorn/core';
import { type HotPool, latencyBoundsMs } from '@posthorn/db';

/** What is counted of deliveries and attempts, as the API names it. */
export type Counts = {
  readonly created: number;
  /** Of which ended, whatever they were opened again in between. */
  readonly ended: number;
  readonly attempts: number;
  readonly attempts_ok: number;
  readonly retries: number;
  readonly status_codes: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly duration_ms_sum: number;
  readonly latency: readonly number[];
};

type Shown = Omit<Counts, 'ended'> & Readonly<Record<'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'reopened', number>>;

/** The same of an answer. */
export const countsOf = (shown: Shown): Counts => {
  const { created, succeeded, failed, skipped, cancelled, reopened, attempts, attempts_ok, retries } = shown;
  const ended = succeeded + failed + skipped + cancelled - reopened;
  const { status_codes, errors, duration_ms_sum, latency } = shown;
  return { created, ended, attempts, attempts_ok, retries, status_codes, errors, duration_ms_sum, latency };
};

const within = (at: number): string => `r.duration_ms > ${latencyBoundsMs[at - 1] ?? -1} and r.duration_ms <= ${latencyBoundsMs[at]}`;
const filtered = (condition: string): string => `(count(*) filter (where ${condition}))::int`;
const attemptColumns = [
  'count(*)::int as attempts',
  `${filtered('ok')} as attempts_ok`,
  `${filtered('kind in (1, 2)')} as retries`,
  `json_build_object(${[3, 4, 5].map((hundred) => `'${hundred}xx', ${filtered(`status_code / 100 = ${hundred}`)}`).join(', ')}) as status_codes`,
  `json_build_object(${Object.entries(errorKindCodes)
    .map(([name, code]) => `'${name}', ${filtered(`error_kind = ${code}`)}`)
    .join(', ')}) as errors`,
  'coalesce(sum(duration_ms), 0)::int as duration_ms_sum',
  `array[${latencyBoundsMs.map((_, at) => filtered(within(at))).join(', ')}] as latency`,
].join(', ');

/** The two sides of a recount: SQL for the key of a group of deliveries or attempts `r` of events `e`, and what narrows them. */
export type Cut = { readonly key: string; readonly where: string };

/** Counts by key, from the tables; tests belong to no delivery and are not counted. */
export const recountBy = async (pool: HotPool, { key, where }: Cut): Promise<Readonly<Record<string, Counts>>> => {
  const attempts = await pool.query<Omit<Counts, 'created' | 'ended'> & { key: string }>(
    `select ${key} as key, ${attemptColumns} from attempts r join events e on e.id = r.event_id where r.kind <> 5 and ${where} group by 1`,
  );
  const deliveries = await pool.query<{ key: string; created: number; ended: number }>(
    `select ${key} as key, count(*)::int as created, ${filtered('r.status > 0')} as ended
       from deliveries r join events e on e.id = r.event_id where ${where} group by 1`,
  );
  const byKey = new Map(attempts.rows.map(({ key: name, ...counts }) => [name, counts]));
  return Object.fromEntries(
    deliveries.rows.map(({ key: name, created, ended }) => [name, { created, ended, ...(byKey.get(name) ?? none) }]),
  );
};

/** Attempts by the interval that they began in. */
export const recountAttempts = async (pool: HotPool, interval: string): Promise<Readonly<Record<string, number>>> =>
  Object.fromEntries(
    (
      await pool.query<{ at: Date; count: number }>(
        `select date_trunc($1, started_at, 'UTC') as at, count(*)::int as count from attempts where kind <> 5 group by 1 order by 1`,
        [interval],
      )
    ).rows.map(({ at, count }) => [at.toISOString(), count]),
  );

const none: Omit<Counts, 'created' | 'ended'> = {
  ...{ attempts: 0, attempts_ok: 0, retries: 0, duration_ms_sum: 0 },
  status_codes: { '3xx': 0, '4xx': 0, '5xx': 0 },
  errors: Object.fromEntries(Object.keys(errorKindCodes).map((name) => [name, 0])),
  latency: latencyBoundsMs.map(() => 0),
};
