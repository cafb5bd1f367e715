// Webhooks by the hundred thousand: the same rows that the API makes of each, inserted in bulk.
import { randomBytes } from 'node:crypto';
import { createSecretBox, encryptionKeyId } from '@posthorn/db';
import type pg from 'pg';
import { newId } from '../bare/ids.js';
import { encryptionKey } from '../product.js';

const rowsPerStatement = 5_000;
const secretBytes = 32;
/** As the API makes it of the default timeout: 15 s, and 20 s to start a chunk. */
const chunkLeaseS = 35;

/** A new tenant with so many webhooks; number n of them matches the event type `eventTypeOf(n)` alone. */
export interface TenantRows {
  readonly key: string;
  readonly webhooks: number;
}

/** What the inserts take of one webhook. */
interface Row {
  readonly id: string;
  readonly tenantId: string;
  readonly url: string;
  readonly eventType: string;
  readonly secretId: string;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
}

/** Inserts the tenants and their webhooks into the only environment. All webhooks call `url`. */
export async function insertTenants(
  pool: pg.Pool,
  tenants: readonly TenantRows[],
  url: string,
  eventTypeOf: (index: number) => string,
): Promise<void> {
  const ids = tenants.map(() => newId());
  await pool.query(
    `insert into tenants (id, environment_id, key) select t.id, e.id, t.key from environments e cross join unnest($1::uuid[], $2::text[]) as t (id, key)`,
    [ids, tenants.map((tenant) => tenant.key)],
  );
  let rows: Row[] = [];
  for (const [place, tenant] of tenants.entries()) {
    for (let index = 0; index < tenant.webhooks; index += 1) {
      rows.push(newRow(ids[place]!, url, eventTypeOf(index)));
      if (rows.length < rowsPerStatement) continue;
      await insertRows(pool, rows);
      rows = [];
    }
  }
  await insertRows(pool, rows);
  // As if they had been there for long.
  await pool.query('vacuum (analyze) webhooks, webhook_state, webhook_secrets, webhook_versions, tenants');
  await pool.query('checkpoint');
}

const box = createSecretBox(encryptionKey);

function newRow(tenantId: string, url: string, eventType: string): Row {
  const [id, secretId] = [newId(), newId()];
  const secret = `whsec_${randomBytes(secretBytes).toString('base64')}`;
  const { iv, ciphertext } = box.seal(secret, { rowId: secretId, webhookId: id, purpose: 'signing' });
  return { id, tenantId, url, eventType, secretId, iv, ciphertext };
}

async function insertRows(pool: pg.Pool, rows: readonly Row[]): Promise<void> {
  const ids = rows.map((row) => row.id);
  await pool.query(
    `insert into webhooks (id, environment_id, tenant_id, url, event_types)
     select w.id, t.environment_id, t.id, w.url, array[w.event_type]
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) as w (id, tenant_id, url, event_type) join tenants t on t.id = w.tenant_id`,
    [ids, rows.map((row) => row.tenantId), rows.map((row) => row.url), rows.map((row) => row.eventType)],
  );
  await pool.query(
    `insert into webhook_state (webhook_id, environment_id, tenant_id, chunk_lease_s)
     select id, environment_id, tenant_id, $2 from webhooks where id = any ($1::uuid[])`,
    [ids, chunkLeaseS],
  );
  await pool.query(
    `insert into webhook_secrets (id, environment_id, tenant_id, webhook_id, purpose, key_id, iv, ciphertext)
     select s.id, w.environment_id, w.tenant_id, w.id, 'signing', $5, s.iv, s.ciphertext
       from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) as s (webhook_id, id, iv, ciphertext) join webhooks w on w.id = s.webhook_id`,
    [ids, rows.map((row) => row.secretId), rows.map((row) => row.iv), rows.map((row) => row.ciphertext), encryptionKeyId(encryptionKey)],
  );
  await pool.query(
    `insert into webhook_versions (environment_id, tenant_id, webhook_id, version, snapshot, changes, changed_by)
     select environment_id, tenant_id, id, 1, to_jsonb(w), '{}', 'bench' from webhooks w where id = any ($1::uuid[])`,
    [ids],
  );
}
