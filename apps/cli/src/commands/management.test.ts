import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, makeTemporaryDirectory, type Receiver, startReceiver } from '@posthorn/testkit';
import { exitCodes } from '../exit-codes.js';
import { createProgram, runProgram } from '../program.js';

let api: Receiver;
beforeEach(async () => {
  api = await startReceiver();
});
afterEach(() => api.stop());

const run = async (...args: readonly string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { print: (text: string) => void out.push(text), warn: (text: string) => void err.push(text) };
  const exitCode = await runProgram(createProgram(terminal), [...args, '--url', api.origin, '--key', 'k'], terminal);
  return { exitCode, out, err };
};
const json = (body: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const key = {
  id: 'k1',
  name: 'shop',
  role: 'channel',
  tenant: 'acme',
  key_hint: 'ph_test_ab_…cdef',
  created_at: '2025-01-31T11:00:00.000Z',
  created_by: null,
  expires_at: '2025-03-01T00:00:00.000Z',
  revoked_at: null,
  last_used_at: null,
};

describe('posthorn keys', () => {
  it('lists those that are valid, all pages of them', async () => {
    api.answer((_, index) => json({ data: [{ ...key, id: `k${index}` }], next_cursor: index === 0 ? 'c' : null }));
    const { exitCode, out } = await run('keys', 'list');
    expect(exitCode).toBe(0);
    expect(out).toEqual(
      ['k0', 'k1'].map((id) => `${id}  channel    ph_test_ab_…cdef  tenant acme  "shop"  never used  expires 2025-03-01T00:00:00.000Z`),
    );
    expect(api.received.map(({ path }) => path)).toEqual([
      '/v1/api-keys?limit=200&is_active=true',
      '/v1/api-keys?limit=200&is_active=true&cursor=c',
    ]);
    api.clear();
    await run('keys', 'list', '--all');
    expect(api.received[0]?.path).toBe('/v1/api-keys?limit=200');
  });

  it('makes one and prints it alone', async () => {
    api.answer(json({ ...key, key: 'ph_test_secret' }, 201));
    const { out, err } = await run('keys', 'create', '--role', 'channel', '--tenant', 'acme', '--expires-at', '2025-03-01T00:00:00Z');
    expect(out).toEqual(['ph_test_secret']);
    expect(err).toEqual(['made k1 (channel); the key is shown this once']);
    expect(JSON.parse(String(api.received[0]?.body))).toEqual({ role: 'channel', tenant: 'acme', expires_at: '2025-03-01T00:00:00Z' });
    expect((await run('keys', 'create', '--role', 'king')).err.join()).toMatch(/Allowed choices are admin, operator/);
    expect((await run('keys', 'create')).exitCode).toBe(exitCodes.usage);
  });

  it('revokes one', async () => {
    api.answer({ status: 204 });
    expect((await run('keys', 'revoke', 'k/1')).out).toEqual(['revoked k/1']);
    expect(api.received[0]).toMatchObject({ method: 'DELETE', path: '/v1/api-keys/k%2F1' });
  });
});

describe('posthorn event-types', () => {
  it('lists names and descriptions', async () => {
    const type = { example: null, created_at: key.created_at, updated_at: key.created_at };
    api.answer(
      json({
        data: [
          { ...type, name: 'a', description: 'of\nA', schema: {} },
          { ...type, name: 'b', description: null, schema: null },
        ],
        next_cursor: null,
      }),
    );
    expect((await run('event-types', 'list')).out).toEqual(['a  of A  (has a schema)', 'b']);
  });

  it('imports a file: new ones are made, those that are there are changed, and the first that is refused is named', async () => {
    const folder = await makeTemporaryDirectory('event-types');
    const file = join(folder.path, 'types.json');
    await writeFile(
      file,
      JSON.stringify([
        { name: 'order/placed', description: 'x' },
        { name: 'order.paid', schema: { type: 'object' } },
      ]),
    );
    api.answer(({ method }, index) =>
      method === 'PATCH' ? json({}) : index === 0 ? json({}, 201) : json({ code: 'conflict', detail: 'it is there' }, 409),
    );
    expect((await run('event-types', 'import', file)).out).toEqual(['1 new, 1 changed']);
    expect(api.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/event-types',
      'POST /v1/event-types',
      'PATCH /v1/event-types/order.paid',
    ]);
    expect(JSON.parse(String(api.received[2]?.body))).toEqual({ schema: { type: 'object' } });
    api.answer(json({ code: 'invalid_field', detail: 'no name' }, 422));
    expect((await run('event-types', 'import', file)).err.join()).toMatch(
      /^error: entry 0 \(order\/placed\), after 0 new .* 422 invalid_field: no name/,
    );
    await writeFile(file, '{}');
    expect((await run('event-types', 'import', file)).err).toEqual(['error: the file must hold a JSON list of event types']);
    await folder.cleanup();
  });
});
