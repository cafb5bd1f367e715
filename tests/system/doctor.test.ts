// `posthorn doctor`: what it says of an installation that works and of one where everything is wrong, and that it leaves nothing behind and tells no secret.
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  freePort,
  makeTemporaryDirectory,
  type RedisServer,
  startMailServer,
  startProcess,
  startRedis,
  type TemporaryDirectory,
} from '@posthorn/testkit';
import { command, newAdminKey, type Product, startProduct, urlOf } from './support/product.js';

type Env = Readonly<Record<string, string>>;
type Check = {
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly sentence: string;
  readonly fix: string | null;
};

let product: Product;
let folder: TemporaryDirectory;
let ports: Env;

beforeAll(async () => {
  product = await startProduct();
  folder = await makeTemporaryDirectory('doctor');
  ports = { PORT: String(await freePort()), POSTHORN_WORKER_PORT: String(await freePort()) };
}, 120_000);
afterAll(async () => {
  await product?.stop();
  await folder?.cleanup();
}, 60_000);

const run = async (args: readonly string[], env: Env): Promise<{ readonly code: number | null; readonly output: string }> => {
  const { exited, output } = startProcess({ args: [command, 'doctor', ...args], env, name: 'posthorn doctor' });
  const { code } = await exited;
  return { code, output: output() };
};

const examine = async (
  args: readonly string[],
  env: Env,
): Promise<{ readonly code: number | null; readonly checks: readonly Check[]; readonly output: string }> => {
  const { code, output } = await run(['--json', ...args], env);
  // What follows the JSON is for people.
  const { checks } = JSON.parse(output.replace(/\nerror: .*\n$/, '')) as { readonly checks: readonly Check[] };
  return { code, checks, output };
};

const named = (checks: readonly Check[], name: string): readonly Check[] => checks.filter((check) => check.name === name);
const problem = (sentence: RegExp, fix: RegExp) => ({
  verdict: 'problem',
  sentence: expect.stringMatching(sentence),
  fix: expect.stringMatching(fix),
});

describe('an installation that works', () => {
  it('is well: a line for each check, an event there and back, and nothing is left', async () => {
    const { code, output } = await run(['--url', urlOf(product.apiProcess)], { ...product.env, ...ports });
    expect(output).not.toMatch(/^[!✗]/m);
    expect(code).toBe(0);
    for (const name of [
      'configuration',
      'data directory',
      'postgres',
      'postgres schema',
      'clock',
      'partitions',
      'installation',
      'shards',
      'queue',
      'dns',
    ])
      expect(output).toMatch(new RegExp(`^✓ ${name} {2,}\\S`, 'm'));
    expect(output).toMatch(/^✓ round trip +an event was accepted in \d+ ms and arrived after \d+ ms, its signature right$/m);
    expect(output).toMatch(/^All is well \(\d+ checks\)\.$/m);
    for (const list of ['tenants', 'webhooks']) expect((await product.api.get(`/v1/${list}`)).body.data).toEqual([]);
    for (const secret of [product.env.POSTHORN_BOOTSTRAP_KEY, product.env.POSTHORN_ENCRYPTION_KEY, new URL(product.databaseUrl).password])
      expect(output).not.toContain(secret);
  }, 60_000);

  it('is looked at without an API: that is no failure', async () => {
    const { code, checks } = await examine([], { ...product.env, ...ports });
    expect(named(checks, 'round trip')).toEqual([
      expect.objectContaining({ verdict: 'warning', sentence: expect.stringContaining('no API answers') }),
    ]);
    expect(code).toBe(0);
  }, 60_000);

  it('is not blamed for a key that is not known, nor for an address that may not be called', async () => {
    const url = urlOf(product.apiProcess);
    const stranger = await examine(['--url', url, '--key', newAdminKey()], { ...product.env, ...ports });
    expect(named(stranger.checks, 'round trip')).toMatchObject([
      { verdict: 'warning', sentence: expect.stringContaining('does not know this key') },
    ]);
    const { process } = await product.startApi({ POSTHORN_EGRESS_ALLOW: '' });
    const walled = await examine(['--url', urlOf(process), '--listen', `${ports.PORT}`], { ...product.env, ...ports });
    expect(named(walled.checks, 'round trip')).toMatchObject([
      { verdict: 'warning', fix: expect.stringContaining(`POSTHORN_EGRESS_ALLOW=127.0.0.1:${ports.PORT}`) },
    ]);
    expect([stranger.code, walled.code]).toEqual([0, 0]);
  }, 90_000);
});

describe('a receiver that the workers reach by another address', () => {
  it('is called by that, and the event arrives', async () => {
    const port = await freePort();
    // As what publishes the port of a container.
    const door = createServer((from) => {
      const to = connect(port, '127.0.0.1');
      from.on('error', () => to.destroy()).pipe(to);
      to.on('error', () => from.destroy()).pipe(from);
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}/try`;
    const args = ['--url', urlOf(product.apiProcess), '--listen', `127.0.0.1:${port}`, '--receiver'];
    try {
      const { code, checks } = await examine([...args, url], { ...product.env, ...ports });
      expect(named(checks, 'round trip')).toMatchObject([{ verdict: 'ok', sentence: expect.stringContaining('its signature right') }]);
      expect(code).toBe(0);
    } finally {
      door.close();
    }
    const nowhere = await examine([...args, `http://127.0.0.1:${await freePort()}`, '--wait', '2'], { ...product.env, ...ports });
    expect(named(nowhere.checks, 'round trip')).toMatchObject([
      {
        verdict: 'warning',
        sentence: expect.stringMatching(/does not reach the receiver by http:\S+ \(connect\)/),
        fix: expect.stringContaining('--listen'),
      },
    ]);
    expect((await product.api.get('/v1/tenants')).body.data).toEqual([]);
  }, 90_000);

  it('needs both options where one does not say it', async () => {
    expect(await run(['--listen', '0.0.0.0:4999'], { ...product.env, ...ports })).toMatchObject({
      code: 2,
      output: expect.stringMatching(/--receiver/),
    });
  }, 60_000);
});

describe('what is wrong', () => {
  let evicting: RedisServer;
  beforeAll(async () => {
    evicting = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
  });
  afterAll(() => evicting?.stop());

  it('is told with what puts it right, all at once, and without a secret', async () => {
    const mail = await startMailServer({ login: { user: 'me', password: 'right' } });
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { readonly port: number };
    try {
      const { code, checks, output } = await examine([], {
        ...product.env,
        ...ports,
        PORT: String(port),
        REDIS_URL: evicting.url,
        SMTP_URL: `smtp://me:hunter2@127.0.0.1:${mail.port}`,
        POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64'),
        POSTHORN_QUEUE_SHARDS: '3',
        POSTHORN_DATA_DIR: '/dev/null/posthorn',
        POSTHORN_EGRESS_ALLOW: '0.0.0.0/0',
        POSTHORN_SHUTDOWN: '5',
      });
      expect(code).toBe(1);
      expect(named(checks, 'port of the API')).toMatchObject([problem(/taken by something/, /^stop it, or set PORT/)]);
      expect(named(checks, 'queue')).toMatchObject([problem(/throws jobs away/, /noeviction/)]);
      expect(named(checks, 'mail server')).toMatchObject([problem(/Who are you/, /SMTP_URL/)]);
      expect(named(checks, 'installation')).toMatchObject([problem(/shards: this process 3/, /./), problem(/encryption key/, /./)]);
      expect(named(checks, 'data directory')).toMatchObject([problem(/cannot be written/, /POSTHORN_DATA_DIR/)]);
      expect(named(checks, 'address guard')).toMatchObject([{ verdict: 'warning' }]);
      expect(named(checks, 'configuration')).toMatchObject([
        { verdict: 'warning', fix: 'set POSTHORN_SHUTDOWN_S, or take it away' },
        { verdict: 'ok' },
      ]);
      expect(output).not.toContain('hunter2');
      expect(output).not.toContain(Buffer.alloc(32, 9).toString('base64'));
    } finally {
      await mail.stop();
      taken.close();
    }
  }, 60_000);

  it.each<[string, (url: URL) => void, RegExp, RegExp]>([
    [
      'a wrong password',
      (url) => {
        url.password = 'hunter2';
      },
      /password authentication failed/,
      /user and password in DATABASE_URL/,
    ],
    [
      'a database that is not there',
      (url) => {
        url.pathname = '/nowhere';
      },
      /does not exist/,
      /make the database/,
    ],
    [
      'nobody at the address',
      (url) => {
        url.port = '1';
      },
      /ECONNREFUSED/,
      /start it, or put its address/,
    ],
  ])(
    'is told of Postgres: %s',
    async (_, change, sentence, fix) => {
      const url = new URL(product.databaseUrl);
      change(url);
      const { code, checks, output } = await examine([], { ...product.env, ...ports, DATABASE_URL: url.href });
      expect(named(checks, 'postgres')).toMatchObject([problem(sentence, fix)]);
      expect(code).toBe(1);
      expect(output).not.toContain('hunter2');
    },
    60_000,
  );

  it('is told of the configuration alone where that cannot be read', async () => {
    const { code, output } = await run([], { ...product.env, PORT: 'x', SMTP_URL: 'smpt://me:hunter2@mail' });
    expect(code).toBe(1);
    expect(output).toMatch(/^✗ configuration +PORT must be .*\n +→ set PORT=3400$/m);
    expect(output).toMatch(/^✗ configuration +SMTP_URL must /m);
    expect(output).not.toContain('hunter2');
  }, 60_000);

  it('is told of a round trip that ends nowhere: no worker runs', async () => {
    for (const worker of product.workers) await worker.kill();
    const { code, checks } = await examine(['--url', urlOf(product.apiProcess), '--wait', '1'], { ...product.env, ...ports });
    expect(named(checks, 'round trip')).toMatchObject([problem(/has not arrived after 1 s: no worker runs/, /posthorn worker/)]);
    expect(named(checks, 'shards')).toMatchObject([{ verdict: 'warning' }]);
    expect(code).toBe(1);
    expect((await product.api.get('/v1/tenants')).body.data).toEqual([]);
  }, 60_000);

  it('ends in order when it is interrupted: what it made is gone', async () => {
    const one = startProcess({
      args: [command, 'doctor', '--url', urlOf(product.apiProcess), '--wait', '600'],
      env: { ...product.env, ...ports },
      name: 'posthorn doctor',
    });
    const events = async (): Promise<number> => (await product.api.get('/v1/events?event_type=doctor.round_trip')).body.data.length;
    const before = await events();
    await eventually(async () => (await events()) > before, { timeoutMs: 30_000 });
    const { code } = await one.kill('SIGINT');
    expect(one.output()).toContain('interrupted by SIGINT');
    expect(code).toBe(1);
    expect((await product.api.get('/v1/tenants')).body.data).toEqual([]);
  }, 60_000);
});
