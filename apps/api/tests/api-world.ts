// An API on a database and a queue of the test file's own, listening on a loopback port, with keys of every role.
import { randomBytes } from 'node:crypto';
import { hashApiKey, newApiKey, uuidv7 } from '@posthorn/core';
import { createDatabases, createHotPool, createKeyRing, type Database, type HotPool, type Role } from '@posthorn/db';
import { createEgress, loopbackAllowValue, parseAllowList } from '@posthorn/egress';
import { createLogger, createMetrics, type Metrics } from '@posthorn/telemetry';
import { createTestDatabase } from '@posthorn/testkit';
import type { FastifyInstance } from 'fastify';
import { type ApiOptions, createApi } from '../src/server.js';
import { documentCheckOf } from './document-check.js';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed; what stands in it is what the tests are about. */
  readonly body: ReturnType<typeof JSON.parse>;
  readonly text: string;
};
export type Call = { readonly key?: string; readonly headers?: Record<string, string>; readonly body?: unknown };

export type ApiWorld = {
  /** `http://127.0.0.1:port`, for clients that make their own requests; `call` holds the answers to the document. */
  readonly origin: string;
  readonly databaseUrl: string;
  readonly pool: HotPool;
  readonly db: Database;
  readonly metrics: Metrics;
  readonly environmentId: string;
  readonly newId: () => string;
  /** An unbound admin's. */
  readonly admin: string;
  /** Makes a key; the tenant is made too. */
  readonly key: (role: Role, tenant?: string, environmentId?: string) => Promise<string>;
  readonly environment: (mode: 'live' | 'test') => Promise<string>;
  readonly tenantId: (key: string) => Promise<string>;
  /** One more API on the same database, as another process would be. */
  readonly another: () => Promise<{ readonly origin: string; readonly stop: () => Promise<void> }>;
  readonly call: (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, call?: Call) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

const newId = (): string => uuidv7(Date.now(), randomBytes(10));
const bodyOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** What the API seals secrets with. */
export const encryptionKey = Buffer.alloc(32, 1);

export type Installation = Pick<ApiOptions, 'rateLimits' | 'trustProxy'> & {
  readonly smtpUrl?: string;
  readonly operatorEmail?: string;
  /** Unset: the queue is on Postgres. */
  readonly redisUrl?: string;
  /** The world whose database it shares; by default it has its own. */
  readonly beside?: Pick<ApiWorld, 'databaseUrl'>;
};

/**
 * @param consoleDirectory a build of the console; null: none. @param installation what it has and allows, by default nothing that is not needed
 * @param addRoutes routes of the test's own, with what the API's routes have of the database
 */
export async function createApiWorld(
  consoleDirectory: string | null = null,
  installation: Installation = {},
  addRoutes: (app: FastifyInstance, walledDb: Database) => void = () => undefined,
): Promise<ApiWorld> {
  const { beside, redisUrl, smtpUrl = null, operatorEmail = null, ...limiting } = installation;
  const database = beside === undefined ? await createTestDatabase() : { url: beside.databaseUrl, drop: async () => undefined };
  const options = { url: database.url, max: 4, applicationName: 'test', onError: () => undefined };
  const pool = createHotPool(options);
  const { db, walledDb } = createDatabases(options);
  const parsed = parseAllowList(loopbackAllowValue);
  const egress = createEgress({ allow: parsed.ok ? parsed.allow : [] });
  const metrics = createMetrics();
  const apiOptions: Parameters<typeof createApi>[0] = {
    pool,
    db,
    walledDb,
    queue: redisUrl === undefined ? { kind: 'postgres', url: database.url, connectionsMax: 2 } : { kind: 'redis', url: redisUrl },
    queueShards: 2,
    publicUrl: 'http://127.0.0.1:0',
    listenUrl: database.url,
    idempotencyHours: 24,
    smtpUrl,
    operatorEmail,
    ...limiting,
    keyRing: createKeyRing(encryptionKey),
    consoleDirectory,
    egress,
    logger: createLogger({ level: 'silent', role: 'test', pretty: false }),
    metrics,
  };
  const api = await createApi(apiOptions);
  addRoutes(api.app, walledDb);
  const origin = `http://127.0.0.1:${await api.listen('127.0.0.1', 0)}`;
  const checkAnswer = documentCheckOf(api.app);
  const environment = async (mode: 'live' | 'test') => {
    const id = newId();
    await db.insertInto('environments').values({ id, name: id, mode }).execute();
    return id;
  };
  const environmentId = await environment('test');
  const tenantIn = async (environment_id: string, key: string) => {
    const values = { id: newId(), environment_id, key, name: null, email: null };
    await db
      .insertInto('tenants')
      .values(values)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const where = db.selectFrom('tenants').select('id').where('environment_id', '=', environment_id).where('key', '=', key);
    return (await where.executeTakeFirstOrThrow()).id;
  };
  const key: ApiWorld['key'] = async (role, tenant, environment_id = environmentId) => {
    const made = newApiKey('test', randomBytes(8), randomBytes(24));
    const tenant_id = tenant === undefined ? null : await tenantIn(environment_id, tenant);
    const names = { name: role, role, public_id: made.publicId, last_four: made.key.slice(-4) };
    await db
      .insertInto('api_keys')
      .values({ ...names, id: newId(), environment_id, tenant_id, key_hash: hashApiKey(made.key) })
      .execute();
    return made.key;
  };
  const admin = await key('admin');
  return {
    origin,
    databaseUrl: database.url,
    pool,
    db,
    metrics,
    environmentId,
    newId,
    admin,
    key,
    environment,
    another: async () => {
      const other = await createApi({ ...apiOptions, metrics: createMetrics() });
      return { origin: `http://127.0.0.1:${await other.listen('127.0.0.1', 0)}`, stop: other.stop };
    },
    tenantId: (tenant) => tenantIn(environmentId, tenant),
    call: async (method, path, { key: used = admin, headers = {}, body } = {}) => {
      const response = await fetch(origin + path, {
        method,
        headers: { authorization: `Bearer ${used}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const { status, headers: answered } = response;
      checkAnswer({ method, path, sent: typeof body === 'string' ? bodyOf(body) : body, status, headers: answered, text });
      return { status, headers: Object.fromEntries(answered), body: bodyOf(text), text };
    },
    close: async () => {
      await api.stop();
      await egress.close();
      await Promise.all([pool.end(), db.destroy()]);
      await database.drop();
    },
  };
}
