// Moving in from another system, as its owner does it: a file goes in by command, first dry, then for good; its receivers go on verifying with the
// secrets that they have; and the file comes out again.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { verify } from '@posthorn/client';
import { eventually, makeTemporaryDirectory } from '@posthorn/testkit';
import { command, useProductAndReceiver } from './support/product.js';

const world = useProductAndReceiver();
let folder: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
beforeAll(async () => {
  folder = await makeTemporaryDirectory('moving-in');
});
afterAll(() => folder.cleanup());

/** Runs `posthorn …` against the product. */
const run = (...args: readonly string[]): Promise<{ readonly exitCode: number; readonly out: string; readonly err: string }> => {
  const { api, env } = world.product;
  const options = { env: { ...process.env, POSTHORN_DATA_DIR: folder.path, POSTHORN_BOOTSTRAP_KEY: env.POSTHORN_BOOTSTRAP_KEY } };
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args, '--url', api.url], options, (error, out, err) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), out, err }),
    );
  });
};
const write = async (name: string, value: unknown): Promise<string> => {
  const path = join(folder.path, name);
  await writeFile(path, JSON.stringify(value));
  return path;
};
const secretsOf = (dialect: string): string => `the-secret-of-${dialect}-of-the-past`;
const objectId = (dialect: string): string => `0123456789abcdef00000${dialect}`;

type Moved = { readonly tenant: string; readonly event: object; readonly file: unknown; readonly back: readonly unknown[] };

/** What the other system exports, an event that goes to it, and what our own export is. */
const moved = (dialect: string): Moved => {
  const [url, secret, _id] = [world.receiver.url(`/${dialect}`), secretsOf(dialect), objectId(dialect)];
  switch (dialect) {
    case '000': {
      const notification = { email: '', success: true, fail: false };
      const row = {
        _id,
        client: 'c000',
        projectFlow: ['f1'],
        statistics: {},
        isActive: true,
        name: 'Payments',
        url,
        description: 'x',
        notification,
      };
      return {
        tenant: 'c000',
        event: { event_type: 'a', project_flow: 'f1' },
        file: [{ ...row, secret }],
        back: [{ ...row, __v: 0, secret }],
      };
    }
    case '001': {
      const attributes = {
        name: 'Orders',
        topic: 'orders.place',
        callback_url: url,
        shared_secret: secret,
        metadata: { a: 1 },
        reference: 'r',
      };
      const file = { data: [{ id: 'xYz', type: 'webhooks', attributes: { ...attributes, circuit_state: 'closed', disabled_at: null } }] };
      return { tenant: 'c001', event: { event_type: 'orders.place' }, file, back: [{ type: 'webhooks', attributes }] };
    }
    case '003': {
      const context = { survey: '', group: '', taskGroup: 'g1' };
      const row = {
        _id,
        company: 'c003',
        isActive: true,
        trigger: 'create-edit-delete-task',
        url,
        name: 'Tasks',
        code: 'tasks',
        context,
        __v: 0,
      };
      const back = [{ ...row, description: null, secret }];
      return { tenant: 'c003', event: { event_type: 'edit-task', current_context: { taskGroup: 'g1' } }, file: [{ ...row, secret }], back };
    }
    default: {
      const row = { target_url: url, is_active: true, event_types: ['record:created'], secret };
      const file = { result: [{ id: 'a-uuid-of-the-past', environment_id: 'elsewhere', ...row }], next_cursor: null };
      return { tenant: 'c004', event: { event_type: 'record:created' }, file, back: [row] };
    }
  }
};

it.each(['000', '001', '003', '004'])(
  'a file of %s goes in, its receiver verifies with the old secret, and it comes out again',
  async (dialect) => {
    const { tenant, event, file, back } = moved(dialect);
    const path = await write(`${dialect}.json`, file);
    const import_ = [
      'webhooks',
      'import',
      path,
      '--dialect',
      dialect,
      ...(dialect === '001' || dialect === '004' ? ['--tenant', tenant] : []),
    ];

    const dry = await run(...import_);
    expect(dry).toMatchObject({ exitCode: 0, err: '' });
    expect(dry.out).toMatch(/^row +status.*\n1 +ready +\S+ +c00\d .*secret kept/);
    expect(dry.out).toContain('nothing was done yet: --apply imports 1');
    expect((await world.product.api.get(`/v1/webhooks?tenant=${tenant}`)).body.data).toEqual([]);

    const done = await run(...import_, '--apply');
    expect(done).toMatchObject({ exitCode: 0, err: '' });
    expect(done.out).toMatch(/1 +imported[\s\S]*imported 1\n$/);

    const id = await world.product.api.publish({ ...event, tenant, data: { of: dialect } });
    const received = await eventually(() => world.receiver.received.find((one) => one.headers['webhook-id'] === id));
    expect(verify({ secret: secretsOf(dialect), headers: received.headers, body: received.body })).toMatchObject({ ok: true, id });

    const out = join(folder.path, `${dialect}-out.json`);
    expect(await run('webhooks', 'export', '--dialect', dialect, '--tenant', tenant, '--secrets', '--out', out)).toMatchObject({
      exitCode: 0,
    });
    const exported = JSON.parse(await readFile(out, 'utf8'));
    expect(exported).toMatchObject(back.map((row) => ({ ...(row as object), ...(dialect === '000' && { statistics: { succeeded: 1 } }) })));
    expect((await run('webhooks', 'export', '--dialect', dialect, '--out', out)).err).toMatch(/exists already/);
  },
  60_000,
);

it('does nothing when a row is refused, unless it is told to leave those out', async () => {
  const url = world.receiver.url('/');
  const rows = [{ target_url: url }, { target_url: url, is_active: 'yes' }, { target_url: url, colour: 'red' }];
  const path = await write('refused.json', rows);
  const import_ = ['webhooks', 'import', path, '--dialect', '004', '--tenant', 'refused'];
  for (const args of [[], ['--apply']]) {
    const { exitCode, out, err } = await run(...import_, ...args);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/2 +refused.*\/is_active must be true or false\n3 +refused.*\/colour is not a field/);
    expect(err).toMatch(/2 of 3 are refused/);
  }
  expect((await world.product.api.get('/v1/webhooks?tenant=refused')).body.data).toEqual([]);
  expect((await run(...import_, '--apply', '--skip-refused')).out).toMatch(/imported 1\n$/);
  expect((await world.product.api.get('/v1/webhooks?tenant=refused')).body.data).toHaveLength(1);
}, 60_000);

it.each([
  ['no JSON', '{', /the file is not JSON/],
  ['no list', '7', /must hold a JSON list of webhooks/],
  ['nothing', '[]', /holds no webhooks/],
])('refuses a file that holds %s', async (name, text, message) => {
  const path = join(folder.path, `${name}.json`);
  await writeFile(path, text);
  const { exitCode, err } = await run('webhooks', 'import', path, '--dialect', '003');
  expect([exitCode, err]).toEqual([1, expect.stringMatching(message)]);
});

it.each<['003' | '004', number]>([
  ['003', 6],
  ['004', 22],
])(
  'loads the catalogue of %s, and again without a change',
  async (dialect, count) => {
    expect((await run('event-types', 'import', dialect)).out).toBe(`${count} new, 0 changed\n`);
    expect((await run('event-types', 'import', dialect)).out).toBe(`0 new, ${count} changed\n`);
  },
  30_000,
);
