// The product with a secret of its own kind in every place that takes one, and all that is said to and by it kept: what the canary test looks through.
import { randomBytes } from 'node:crypto';
import { type MailServer, type Receiver, type RedisServer, startMailServer, startReceiver, startRedis } from '@posthorn/testkit';
import type { Answer } from './api-client.js';
import { startOwnPostgres } from './own-postgres.js';
import { newAdminKey, type Product, startProduct } from './product.js';

/** A text that stands nowhere else. */
export const canary = (kind: string): string => `cnry${kind}${randomBytes(12).toString('hex')}`;
export const base64Secret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

export type Said = {
  readonly method: string;
  readonly path: string;
  readonly role: string;
  readonly status: number;
  readonly text: string;
};

export type CanaryWorld = {
  readonly product: Product;
  readonly receiver: Receiver;
  readonly mails: MailServer;
  readonly redis: RedisServer;
  /** By name; those that are made on the way are added. */
  readonly secrets: Record<string, string>;
  /** What stands in queries of webhooks' URLs. */
  readonly query: string;
  /** What stands in events. */
  readonly payload: string;
  /** Keys by role. */
  readonly keys: Record<string, string>;
  /** Every answer of the API so far. */
  readonly said: Said[];
  /** Asks as the admin, or as the owner of another key of `keys`, and keeps the answer. */
  ask(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    more?: { readonly role?: string; readonly headers?: Record<string, string | null> },
  ): Promise<Answer>;
  /** Adds a secret, and returns it. */
  keep(name: string, secret: string): string;
  killPostgres(): Promise<void>;
  restartPostgres(): Promise<void>;
  stop(): Promise<void>;
};

/** What a receiver does is its path: /ok, /echo, /fail, /reset, /redirect. An echo answers with all that it was sent. */
const answer = ({ path, headers, body, rawHeaders }: Receiver['received'][number]) => {
  const echoed = {
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [`x-echo-${name}`, value])),
    body: JSON.stringify({ headers, rawHeaders, path, body: body.toString() }),
  };
  if (path.startsWith('/echo')) return echoed;
  if (path.startsWith('/fail')) return { status: 500, ...echoed };
  if (path.startsWith('/reset')) return { reset: true as const };
  if (path.startsWith('/redirect')) return { status: 302, headers: { location: headers.authorization ?? 'http://127.0.0.1/' } };
  return {};
};

const withPassword = (url: string, user: string, password: string): string => {
  const changed = new URL(url);
  [changed.username, changed.password] = [user, password];
  return changed.href;
};

export const startCanaryWorld = async (): Promise<CanaryWorld> => {
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  const postgres = await startOwnPostgres('canary');
  closers.push(postgres.stop);
  const secrets: Record<string, string> = {
    admin_key: newAdminKey(),
    encryption_key: randomBytes(32).toString('base64'),
    database_password: decodeURIComponent(new URL(postgres.url).password),
    redis_password: canary('redis'),
    smtp_password: canary('smtp'),
  };
  // As data in Redis may lie on a disk: all that was ever written, uncompressed.
  const aof = ['--appendonly', 'yes', '--appendfsync', 'always', '--aof-use-rdb-preamble', 'no', '--rdbcompression', 'no'];
  const redis = await startRedis({ args: ['--requirepass', secrets.redis_password ?? '', ...aof] });
  closers.push(redis.stop);
  const mails = await startMailServer({ login: { user: 'posthorn', password: secrets.smtp_password ?? '' } });
  closers.push(mails.stop);
  const receiver = await startReceiver({ answer });
  closers.push(receiver.stop);
  const product = await startProduct({
    workers: 2,
    databaseUrl: postgres.url,
    redis: { ...redis, url: withPassword(redis.url, '', secrets.redis_password ?? '') },
    env: {
      REDIS_URL: withPassword(redis.url, '', secrets.redis_password ?? ''),
      POSTHORN_BOOTSTRAP_KEY: secrets.admin_key ?? '',
      POSTHORN_ENCRYPTION_KEY: secrets.encryption_key ?? '',
      SMTP_URL: mails.url,
      POSTHORN_NOTIFICATION_WINDOW_S: '1',
      LOG_LEVEL: 'trace',
    },
  });
  closers.push(product.stop);

  const keys: Record<string, string> = { admin: secrets.admin_key ?? '' };
  const said: Said[] = [];
  const ask: CanaryWorld['ask'] = async (method, path, body, { role = 'admin', headers = {} } = {}) => {
    const given = await product.api.send(method, path, body, { authorization: `Bearer ${keys[role]}`, ...headers });
    said.push({ method, path, role, status: given.status, text: `${JSON.stringify(given.headers)}\n${given.text}` });
    return given;
  };
  return {
    product,
    receiver,
    mails,
    redis,
    secrets,
    query: canary('query'),
    payload: canary('payload'),
    keys,
    said,
    ask,
    keep: (name, secret) => {
      secrets[name] = secret;
      return secret;
    },
    killPostgres: postgres.kill,
    restartPostgres: postgres.restart,
    stop,
  };
};
