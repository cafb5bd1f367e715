import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { limits } from './limits.js';
import { createTenantIds } from './tenant-ids.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const open = () => {
  const asked: string[] = [];
  const tenants = createTenantIds(async (environmentId, key) => {
    asked.push(`${environmentId}/${key}`);
    return `${key}-${asked.length}`;
  });
  return { tenants, asked };
};

describe('the id of a tenant', () => {
  it('is asked for once by all who come together', async () => {
    const { tenants, asked } = open();
    const ids = await Promise.all(Array.from({ length: 100 }, () => tenants.idOf('e', 'acme')));
    expect(new Set(ids)).toEqual(new Set(['acme-1']));
    await tenants.idOf('f', 'acme');
    expect(asked).toEqual(['e/acme', 'f/acme']);
  });

  it('is asked for anew after 5 s, so that a tenant that was erased gets nothing more', async () => {
    const { tenants } = open();
    const startedAt = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(startedAt);
    expect(await tenants.idOf('e', 'acme')).toBe('acme-1');
    clock.mockReturnValue(startedAt + limits.tenantCacheMs - 1);
    expect(await tenants.idOf('e', 'acme')).toBe('acme-1');
    clock.mockReturnValue(startedAt + limits.tenantCacheMs + 1);
    await eventually(async () => (await tenants.idOf('e', 'acme')) === 'acme-2');
  });

  it('is asked for anew when it is forgotten, and when asking failed', async () => {
    const { tenants } = open();
    await tenants.idOf('e', 'acme');
    tenants.forget('e', 'acme');
    expect(await tenants.idOf('e', 'acme')).toBe('acme-2');
    let down = true;
    const failing = createTenantIds(async () => {
      if (down) throw new Error('gone');
      return 'found';
    });
    await expect(failing.idOf('e', 'a')).rejects.toThrow('gone');
    down = false;
    expect(await failing.idOf('e', 'a')).toBe('found');
  });
});
