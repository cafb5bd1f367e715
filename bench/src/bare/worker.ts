// Bare worker: one job is one dispatch; all its deliveries are sent at once, signed; one statement logs what came back; the
// dispatch row goes when everything of it is logged. No matching, no address guard, no circuit, no retries.
import { createHmac } from 'node:crypto';
import pg from 'pg';
import { Agent } from 'undici';
import { createBatch } from './batch.js';
import { readBareEnvironment } from './environment.js';
import { newId } from './ids.js';
import { openWorker } from './queue.js';

const flushEveryMs = 5;
const jobsAtOnce = 20;
const endpointConnectionsMax = 64;
const bodyKeptCharsMax = 1024;
const signingKey = Buffer.from('0123456789abcdef0123456789abcdef');

interface BareEvent {
  readonly id: string;
  readonly payload: string;
}

interface Attempt {
  readonly eventId: string;
  readonly webhookId: number;
  readonly code: number;
  readonly durationMs: number;
  readonly body: string;
}

const environment = readBareEnvironment();
const pool = new pg.Pool({ connectionString: environment.databaseUrl, max: 4 });
const agent = new Agent({ connections: endpointConnectionsMax });
const recordAttempt = createBatch<Attempt>(flushEveryMs, writeAttempts);
const finishDispatch = createBatch<string>(flushEveryMs, deleteDispatches);

async function send(event: BareEvent, webhookId: number): Promise<void> {
  const startedAt = performance.now();
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', signingKey).update(`${event.id}.${timestamp}.${event.payload}`).digest('base64');
  const response = await agent.request({
    origin: environment.sinkOrigin,
    path: `/h${webhookId}`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': event.id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${signature}`,
    },
    body: event.payload,
  });
  const body = (await response.body.text()).slice(0, bodyKeptCharsMax);
  const durationMs = Math.round(performance.now() - startedAt);
  await recordAttempt({ eventId: event.id, webhookId, code: response.statusCode, durationMs, body });
}

async function writeAttempts(batch: readonly Attempt[]): Promise<void> {
  const totals = new Map<number, { succeeded: number; durationMs: number }>();
  for (const { webhookId, durationMs } of batch) {
    const total = totals.get(webhookId) ?? { succeeded: 0, durationMs: 0 };
    total.succeeded += 1;
    total.durationMs += durationMs;
    totals.set(webhookId, total);
  }
  // Sorted, as every writer of shared statistics rows must: upserts in different orders deadlock.
  const webhooks = [...totals].sort(([a], [b]) => a - b);
  await pool.query({
    name: 'write-attempts',
    text: `with delivered as (
             insert into deliveries (event_id, webhook_id, status, attempt_count, last_code)
             select event_id, webhook_id, 1, 1, code from unnest($1::uuid[], $2::int[], $3::int[]) t (event_id, webhook_id, code)
             on conflict do nothing),
           logged as (
             insert into attempts (id, event_id, webhook_id, n, code, duration_ms, body)
             select id, event_id, webhook_id, 1, code, duration_ms, body
             from unnest($4::uuid[], $1::uuid[], $2::int[], $3::int[], $5::int[], $6::text[]) t (id, event_id, webhook_id, code, duration_ms, body))
           insert into webhook_stats as s
           select webhook_id, date_trunc('minute', now()), succeeded, 0, duration_ms
           from unnest($7::int[], $8::int[], $9::bigint[]) t (webhook_id, succeeded, duration_ms)
           on conflict (webhook_id, minute) do update
             set succeeded = s.succeeded + excluded.succeeded, duration_ms = s.duration_ms + excluded.duration_ms`,
    values: [
      batch.map((a) => a.eventId),
      batch.map((a) => a.webhookId),
      batch.map((a) => a.code),
      batch.map(() => newId()),
      batch.map((a) => a.durationMs),
      batch.map((a) => a.body),
      webhooks.map(([id]) => id),
      webhooks.map(([, total]) => total.succeeded),
      webhooks.map(([, total]) => total.durationMs),
    ],
  });
}

async function deleteDispatches(ids: readonly string[]): Promise<void> {
  await pool.query({ name: 'delete-dispatches', text: 'delete from dispatches where id = any($1::uuid[])', values: [ids] });
}

openWorker(environment, jobsAtOnce, async (job) => {
  const { rows } = await pool.query<BareEvent>({
    name: 'load-dispatch',
    text: 'select e.id, e.payload from dispatches d join events e on e.id = any(d.event_ids) where d.id = $1',
    values: [job.data.id],
  });
  const sends: Promise<void>[] = [];
  for (const event of rows) for (let webhookId = 0; webhookId < environment.fanOut; webhookId += 1) sends.push(send(event, webhookId));
  await Promise.all(sends);
  await finishDispatch(job.data.id);
});

process.on('disconnect', () => process.exit());
process.send?.({ ready: 0 });
