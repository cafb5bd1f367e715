// What is not an event is refused with a 4xx problem that says where it is wrong, and nothing of it is stored.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApi } from '@posthorn/api';
import { eventLimits, hashApiKey, newApiKey, uuidv7 } from '@posthorn/core';
import {
  bootstrapEnvironment,
  createDatabases,
  createHotPool,
  createKeyRing,
  type Database,
  ensureTenant,
  type HotPool,
} from '@posthorn/db';
import { createEgress, emptyAllowList } from '@posthorn/egress';
import { createLogger, createMetrics } from '@posthorn/telemetry';
import { createTestDatabase, startRedis } from '@posthorn/testkit';
import { type ApiClient, createApiClient } from './support/api-client.js';
import { countDispatches, countEvents } from './support/truth.js';

const newId = (): string => uuidv7(Date.now(), randomBytes(10));
const newKey = () => newApiKey('test', randomBytes(8), randomBytes(24));
const closers: (() => Promise<unknown>)[] = [];
const admin = newKey();
const bound = newKey();
const viewer = newKey();
let pool: HotPool;
let client: ApiClient;

const insertKey = async (db: Database, key: ReturnType<typeof newKey>, role: 'publisher' | 'viewer', tenant: string | null) => {
  const { id: environmentId } = await db.selectFrom('environments').select('id').executeTakeFirstOrThrow();
  const values = { id: newId(), environment_id: environmentId, name: role, role, public_id: key.publicId, key_hash: hashApiKey(key.key) };
  const tenantId = tenant === null ? null : await ensureTenant(db, environmentId, tenant, newId());
  await db
    .insertInto('api_keys')
    .values({ ...values, tenant_id: tenantId, last_four: key.key.slice(-4) })
    .execute();
};

beforeAll(async () => {
  const database = await createTestDatabase();
  closers.push(database.drop);
  const redis = await startRedis();
  closers.push(redis.stop);
  const poolOptions = { url: database.url, max: 4, applicationName: 'test', onError: () => undefined };
  pool = createHotPool(poolOptions);
  const { db, walledDb } = createDatabases(poolOptions);
  closers.push(() => Promise.all([pool.end(), db.destroy()]));
  await bootstrapEnvironment(db, {
    id: newId(),
    environmentId: newId(),
    mode: 'test',
    publicId: admin.publicId,
    keyHash: hashApiKey(admin.key),
    lastFour: admin.key.slice(-4),
  });
  await insertKey(db, bound, 'publisher', 'acme');
  await insertKey(db, viewer, 'viewer', null);
  const egress = createEgress({ allow: emptyAllowList });
  closers.push(egress.close);
  const api = await createApi({
    publicUrl: 'http://127.0.0.1:0',
    listenUrl: database.url,
    consoleDirectory: null,
    pool,
    db,
    walledDb,
    queue: { kind: 'redis', url: redis.url },
    queueShards: 1,
    idempotencyHours: 24,
    smtpUrl: null,
    operatorEmail: null,
    keyRing: createKeyRing(Buffer.alloc(32, 1)),
    egress,
    logger: createLogger({ level: 'silent', role: 'test', pretty: false }),
    metrics: createMetrics(),
  });
  closers.push(api.stop);
  client = createApiClient(`http://127.0.0.1:${await api.listen('127.0.0.1', 0)}`, admin.key);
  closers.push(client.close);
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

type Request = { readonly path?: string; readonly key?: string | null; readonly headers?: Record<string, string>; readonly body: unknown };

const post = ({ path = '/v1/events', key = admin.key, headers = {}, body }: Request) =>
  client.send('POST', path, body, { authorization: key === null ? null : `Bearer ${key}`, ...headers });

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** An event of exactly `bytes` bytes. */
const eventOfBytes = (bytes: number): string => {
  const frame = '{"event_type":"order.placed","data":""}';
  return frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
};
const good = { event_type: 'order.placed', data: { id: 1 } };
const key128 = 'k'.repeat(128);
const batch = '/v1/events/batch';

type Refusal = readonly [what: string, request: Request, status: number, code: string, pointer?: string];

const refusals: readonly Refusal[] = [
  ['no JSON', { body: '{"event_type":' }, 400, 'not_json'],
  ['no JSON inside data', { body: '{"event_type":"order.placed","data":{"a":01}}' }, 400, 'not_json'],
  ['two JSON values', { body: '{"event_type":"a","data":1}{}' }, 400, 'not_json'],
  ['an empty body', { body: '' }, 400, 'not_json'],
  ['bytes that are not UTF-8', { body: Buffer.from('{"event_type":"a","data":"\xff"}', 'latin1') }, 400, 'not_json'],
  ['a list', { body: '[1]' }, 400, 'invalid_request'],
  ['another content type', { headers: { 'content-type': 'text/plain' }, body: good }, 415, 'unsupported_media_type'],
  ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'event_type=a' }, 415, 'unsupported_media_type'],
  ['a compressed body', { headers: { 'content-encoding': 'gzip' }, body: good }, 415, 'unsupported_media_type'],
  ['one byte over the limit', { body: eventOfBytes(eventLimits.bytesMax + 1) }, 413, 'body_too_large'],
  ['65 levels', { body: `{"event_type":"a","data":${nested(64)}}` }, 422, 'nesting_too_deep'],
  ['a quarter million open brackets', { body: `{"event_type":"a","data":${'['.repeat(250_000)}` }, 422, 'nesting_too_deep'],
  ['no data', { body: { event_type: 'a' } }, 422, 'missing_field', '/data'],
  ['no event type', { body: { data: 1 } }, 422, 'missing_field', '/event_type'],
  ['an unknown field', { body: { ...good, datum: 1 } }, 422, 'unknown_field', '/datum'],
  ['an unknown field with a slash', { body: { ...good, 'a/b~': 1 } }, 422, 'unknown_field', '/a~1b~0'],
  ['__proto__', { body: '{"event_type":"a","data":1,"__proto__":{}}' }, 422, 'unknown_field', '/__proto__'],
  ['a field twice', { body: '{"event_type":"a","event_type":"b","data":1}' }, 422, 'invalid_field', '/event_type'],
  ['data twice', { body: '{"event_type":"a","data":1,"d\\u0061ta":2}' }, 422, 'invalid_field', '/data'],
  ['an event type with a space', { body: { ...good, event_type: 'order placed' } }, 422, 'invalid_field', '/event_type'],
  ['an event type of 129 characters', { body: { ...good, event_type: 'a'.repeat(129) } }, 422, 'invalid_field', '/event_type'],
  ['an event type with a star', { body: { ...good, event_type: 'order.*' } }, 422, 'invalid_field', '/event_type'],
  ['an empty event type', { body: { ...good, event_type: '' } }, 422, 'invalid_field', '/event_type'],
  ['an event type of two lines', { body: { ...good, event_type: 'order\n' } }, 422, 'invalid_field', '/event_type'],
  ['a reserved event type', { body: { ...good, event_type: 'posthorn.circuit_opened' } }, 422, 'reserved_event_type', '/event_type'],
  ['an event type that is a number', { body: { ...good, event_type: 7 } }, 422, 'invalid_field', '/event_type'],
  ['a tenant with a slash', { body: { ...good, tenant: 'a/b' } }, 422, 'invalid_field', '/tenant'],
  ['an id of 129 characters', { body: { ...good, id: `${key128}k` } }, 422, 'invalid_field', '/id'],
  ['a time that is none', { body: { ...good, event_time: '2025-02-30T00:00:00Z' } }, 422, 'invalid_field', '/event_time'],
  ['a flow that is a number', { body: { ...good, project_flow: [1] } }, 422, 'invalid_field', '/project_flow'],
  ['resources that are a list', { body: { ...good, resources: [] } }, 422, 'invalid_field', '/resources'],
  ['no key', { key: null, body: good }, 401, 'unauthorized'],
  ['a key that nobody made', { key: newKey().key, body: good }, 401, 'unauthorized'],
  ['a key with a typo', { key: `${admin.key.slice(0, -1)}_`, body: good }, 401, 'unauthorized'],
  ['a key of another role', { key: viewer.key, body: good }, 403, 'forbidden'],
  ["a tenant that is not the key's", { key: bound.key, body: { ...good, tenant: 'globex' } }, 403, 'tenant_forbidden', '/tenant'],
  ['an Idempotency-Key with a space', { headers: { 'idempotency-key': 'a b' }, body: good }, 400, 'invalid_request'],
  [
    'an Idempotency-Key and another id',
    { headers: { 'idempotency-key': '"a"' }, body: { ...good, id: 'b' } },
    400,
    'idempotency_key_conflict',
  ],
  ['a batch of none', { path: batch, body: { events: [] } }, 422, 'batch_size'],
  ['a batch of 1,001', { path: batch, body: { events: Array.from({ length: 1001 }, () => good) } }, 422, 'batch_size'],
  ['a batch that is a list', { path: batch, body: [good] }, 400, 'invalid_request'],
  ['a batch without events', { path: batch, body: {} }, 422, 'missing_field', '/events'],
  ['a batch with another field', { path: batch, body: { events: [good], tenant: 'a' } }, 422, 'unknown_field', '/tenant'],
  ['a batch over 8 MiB', { path: batch, body: ' '.repeat(eventLimits.batchBytesMax + 1) }, 413, 'body_too_large'],
  ['a batch that breaks off', { path: batch, body: `{"events":[${JSON.stringify(good)},` }, 400, 'not_json'],
];

describe('bad input', () => {
  it.each(refusals)('refuses %s, says where, and stores nothing', async (...[, request, status, code, pointer]: Refusal) => {
    const answer = await post(request);
    expect(answer).toMatchObject({ status, body: { status, code, type: `urn:posthorn:problem:${code}`, request_id: expect.any(String) } });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    if (pointer !== undefined) expect(answer.body.errors).toContainEqual(expect.objectContaining({ pointer, code }));
    expect([await countEvents(pool), await countDispatches(pool)]).toEqual([0, 0]);
  });

  it('names every wrong field at once', async () => {
    const { body } = await post({ body: { event_type: 'a b', extra: 1, tenant: '' } });
    const pointers = body.errors.map((error: { pointer: string }) => error.pointer);
    expect(pointers.sort()).toEqual(['/data', '/event_type', '/extra', '/tenant']);
  });

  it('refuses a batch that is wrong in all of its events, each for its own reason, in order', async () => {
    const answer = await post({ path: batch, body: { events: [{ data: 1 }, { ...good, event_type: 'posthorn.x' }] } });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toBe(2);
    expect(answer.body.data.map((each: { error: { code: string } }) => each.error.code)).toEqual(['missing_field', 'reserved_event_type']);
    expect(await countEvents(pool)).toBe(0);
  });
});

describe('input at the edge of what is good', () => {
  it('takes the largest event, the deepest one, and an event bound to the tenant of its key', async () => {
    const before = await countEvents(pool);
    expect((await post({ body: eventOfBytes(eventLimits.bytesMax) })).status).toBe(202);
    expect((await post({ body: `{"event_type":"a","data":${nested(63)}}` })).status).toBe(202);
    expect((await post({ key: bound.key, body: { ...good, tenant: 'acme' } })).status).toBe(202);
    expect((await post({ key: bound.key, body: good })).status).toBe(202);
    expect(await countEvents(pool)).toBe(before + 4);
    const { rows } = await pool.query("select count(*)::int as n from events e join tenants t on t.id = e.tenant_id where t.key = 'acme'");
    expect(rows[0].n).toBe(2);
  });

  it('takes the good events of a batch and says what is wrong with the others, in the order sent', async () => {
    const before = await countEvents(pool);
    const deep = `{"event_type":"a","data":${nested(70)}}`;
    const answer = await post({
      path: batch,
      body: `{"events":[${JSON.stringify(good)},{"event_type":"x"},${deep},${JSON.stringify(good)}]}`,
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      errors: 2,
      data: [
        { id: expect.any(String) },
        { error: { code: 'missing_field', errors: [{ pointer: '/data' }] } },
        { error: { code: 'nesting_too_deep' } },
        { id: expect.any(String) },
      ],
    });
    expect(await countEvents(pool)).toBe(before + 2);
    expect((await post({ path: batch, body: { events: Array.from({ length: 1000 }, () => good) } })).body.errors).toBe(0);
    expect(await countEvents(pool)).toBe(before + 1002);
  });
});

describe('an event with a key', () => {
  it('is stored once: a repeat gets the first id, another body under the same key is refused', async () => {
    const before = await countEvents(pool);
    const event = { ...good, id: 'order-17' };
    const first = await post({ body: event });
    const again = await post({ body: event });
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body).toEqual(first.body);
    expect([first.headers['idempotent-replayed'], again.headers['idempotent-replayed']]).toEqual([undefined, 'true']);
    expect(await post({ body: { ...event, data: 2 } })).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
    const inBatch = await post({ path: batch, body: { events: [{ ...event, data: 3 }, good] } });
    expect(inBatch.body).toMatchObject({ errors: 1, data: [{ error: { code: 'idempotency_mismatch' } }, { id: expect.any(String) }] });
    expect(await countEvents(pool)).toBe(before + 2);
  });

  it('is known by the header too, quoted or not, and by the same id beside it', async () => {
    const quoted = await post({ headers: { 'idempotency-key': '"order-18"' }, body: good });
    const bare = await post({ headers: { 'idempotency-key': 'order-18' }, body: good });
    expect(bare.body).toEqual(quoted.body);
    expect(bare.headers['idempotent-replayed']).toBe('true');
    const both = { headers: { 'idempotency-key': key128 }, body: { ...good, id: key128 } };
    expect([(await post(both)).status, (await post(both)).headers['idempotent-replayed']]).toEqual([202, 'true']);
  });

  it('belongs to its tenant: the same key of another tenant is another event', async () => {
    const answers = [];
    for (const tenant of ['a', 'b']) answers.push(await post({ body: { ...good, tenant, id: 'order-19' } }));
    expect(answers.map((answer) => answer.status)).toEqual([202, 202]);
    expect(answers[0]?.body.id).not.toBe(answers[1]?.body.id);
  });

  it('is stored once by many requests at once', async () => {
    const before = await countEvents(pool);
    const answers = await Promise.all(Array.from({ length: 50 }, () => post({ body: { ...good, id: 'order-20' } })));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await countEvents(pool)).toBe(before + 1);
  });
});
