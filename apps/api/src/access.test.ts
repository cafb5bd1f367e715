import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hashApiKey, newApiKey, ProblemError } from '@posthorn/core';
import type { KeyOwner, Role } from '@posthorn/db';
import { eventually } from '@posthorn/testkit';
import type { FastifyRequest } from 'fastify';
import { createAccess, type Permission, reachOf } from './access.js';
import { limits } from './limits.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const newKey = () => newApiKey('test', randomBytes(8), randomBytes(24)).key;
const owner = (role: Role, tenant: KeyOwner['tenant'] = null): KeyOwner => ({
  keyId: randomUUID(),
  environmentId: randomUUID(),
  mode: 'test',
  settings: {},
  role,
  tenant,
  expiresAtMs: null,
});
const requestWith = (authorization?: string) => ({ headers: { ...(authorization !== undefined && { authorization }) } }) as FastifyRequest;

const open = (owners: Readonly<Record<string, KeyOwner>>) => {
  const byHash = new Map(Object.entries(owners).map(([key, each]) => [hashApiKey(key).toString('hex'), each]));
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const used: string[] = [];
  const access = createAccess({
    find: async (hash) => {
      asked.push(hash.toString('hex'));
      return byHash.get(hash.toString('hex')) ?? null;
    },
    sessionOf: () => null,
    nowMs: () => clock.nowMs,
    onUsed: (keyId) => used.push(keyId),
  });
  const ask = (authorization: string | undefined, permission: Permission = 'publish') =>
    access.require(requestWith(authorization), permission).then(
      (found) => found.role as string,
      (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
    );
  return { ask, asked, byHash, clock, used };
};

describe('a role', () => {
  // api.md §2, as far as these permissions go.
  const may: Readonly<Record<Role, readonly Permission[]>> = {
    admin: ['publish', 'read_deliveries', 'read_webhooks', 'edit_webhooks', 'operate_webhooks', 'reset_circuit', 'replay'],
    operator: ['read_deliveries', 'read_webhooks', 'operate_webhooks', 'reset_circuit', 'replay'],
    publisher: ['publish', 'read_deliveries'],
    viewer: ['read_deliveries', 'read_webhooks'],
    channel: ['read_deliveries', 'read_webhooks', 'edit_webhooks', 'operate_webhooks'],
  };
  const cases = (Object.keys(may) as Role[]).flatMap((role) => may.admin.map((permission) => [role, permission] as const));

  it.each(cases)('%s may or may not %s as the contract says', async (role, permission) => {
    const key = newKey();
    const { ask } = open({ [key]: owner(role) });
    expect(await ask(`Bearer ${key}`, permission)).toBe(may[role].includes(permission) ? role : 'forbidden');
  });
});

describe('a key', () => {
  it('is taken as a bearer token, however that word is written', async () => {
    const key = newKey();
    const { ask } = open({ [key]: owner('admin') });
    for (const word of ['Bearer', 'bearer', 'BEARER']) expect(await ask(`${word}  ${key} `)).toBe('admin');
    for (const header of [undefined, '', key, `Basic ${key}`, `Bearer${key}`, 'Bearer', 'Bearer '])
      expect(await ask(header)).toBe('unauthorized');
  });

  it('that cannot be one is not looked up', async () => {
    const { ask, asked } = open({});
    // A key with a typo may still look like a bootstrap key.
    for (const key of ['x', 'ph_test_short', `ph_prod_${'x'.repeat(40)}`, `ph_test_${'é'.repeat(40)}`, `ph_test_${'x'.repeat(40)}-`])
      expect(await ask(`Bearer ${key}`)).toBe('unauthorized');
    expect(asked).toEqual([]);
  });

  it('is looked up by its hash alone, once in 4 s, and then again, so that a revoked one ends', async () => {
    const key = newKey();
    const { ask, asked, byHash } = open({ [key]: owner('admin') });
    const startedAt = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(startedAt);
    for (let i = 0; i < 3; i++) expect(await ask(`Bearer ${key}`)).toBe('admin');
    expect(asked).toEqual([hashApiKey(key).toString('hex')]);
    byHash.clear();
    clock.mockReturnValue(startedAt + limits.keyCacheMs - 1);
    expect(await ask(`Bearer ${key}`)).toBe('admin');
    clock.mockReturnValue(startedAt + limits.keyCacheMs + 1);
    await eventually(async () => (await ask(`Bearer ${key}`)) === 'unauthorized');
    expect(asked).toHaveLength(2);
  });

  it('ends at its time, also while its owner is remembered', async () => {
    const key = newKey();
    const { ask, asked, clock } = open({ [key]: { ...owner('admin'), expiresAtMs: 1_000 } });
    clock.nowMs = 999;
    expect(await ask(`Bearer ${key}`)).toBe('admin');
    clock.nowMs = 1_000;
    expect(await ask(`Bearer ${key}`)).toBe('unauthorized');
    expect(asked).toHaveLength(1);
  });

  it('is told of as used when it is valid, whatever it may do', async () => {
    const [key, ended] = [newKey(), newKey()];
    const known = owner('viewer');
    const { ask, used } = open({ [key]: known, [ended]: { ...owner('admin'), expiresAtMs: 0 } });
    for (const each of [key, ended, newKey()]) await ask(`Bearer ${each}`);
    expect(await ask(`Bearer ${key}`, 'read_webhooks')).toBe('viewer');
    expect(used).toEqual([known.keyId, known.keyId]);
  });

  it('nobody knows is remembered too, and works once it is known', async () => {
    const key = newKey();
    const { ask, asked, byHash } = open({});
    const startedAt = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(startedAt);
    for (let i = 0; i < 3; i++) expect(await ask(`Bearer ${key}`)).toBe('unauthorized');
    expect(asked).toHaveLength(1);
    byHash.set(hashApiKey(key).toString('hex'), owner('publisher'));
    clock.mockReturnValue(startedAt + limits.keyCacheMs + 1);
    await eventually(async () => (await ask(`Bearer ${key}`)) === 'publisher');
  });

  it('that cannot be looked up is not remembered as unknown', async () => {
    let down = true;
    const known = owner('admin');
    const find = async () => {
      if (down) throw new Error('gone');
      return known;
    };
    const access = createAccess({ find, sessionOf: () => null, nowMs: () => 0, onUsed: () => undefined });
    const request = requestWith(`Bearer ${newKey()}`);
    await expect(access.require(request, 'publish')).rejects.toThrow('gone');
    down = false;
    expect(await access.require(request, 'publish')).toBe(known);
  });

  it('reaches its environment, and only its tenant if it is bound to one', () => {
    const unbound = owner('admin');
    const bound = owner('channel', { id: 't', key: 'acme' });
    expect(reachOf(unbound)).toEqual({ environmentId: unbound.environmentId, tenantId: null });
    expect(reachOf(bound)).toEqual({ environmentId: bound.environmentId, tenantId: 't' });
  });
});
