import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const url = 'http://127.0.0.1:9/hook';
const create = async (tenant = 'acme'): Promise<string> => (await world.call('POST', '/v1/webhooks', { body: { url, tenant } })).body.id;
const act = (id: string, action: string, key?: string) =>
  world.call('POST', `/v1/webhooks/${id}/${action}`, key === undefined ? {} : { key });
const read = async (id: string) => (await world.call('GET', `/v1/webhooks/${id}`)).body;
const rows = async (text: string, ...values: unknown[]) => (await world.pool.query(text, values)).rows;
const timeline = (id: string, query = '') => world.call('GET', `/v1/webhooks/${id}/timeline${query}`);
const kindsOf = async (id: string) => (await timeline(id)).body.data.map((each: { kind: string }) => each.kind);
const open = (id: string) =>
  rows(
    `update webhook_state set circuit = 1, circuit_failure_count = 10, circuit_opened_at = now(), circuit_retry_at = now() where webhook_id = $1`,
    id,
  );

const actions = ['enable', 'disable', 'pause', 'resume', 'reset-circuit'] as const;

describe('switching a webhook', () => {
  it('shows at once, changes no version, and done again changes nothing', async () => {
    const id = await create();
    const steps: readonly [string, Record<string, unknown>][] = [
      ['pause', { status: 'paused', is_active: true, paused_at: expect.any(String) }],
      ['disable', { status: 'disabled', is_active: false, disabled_reason: 'by_hand', disabled_at: expect.any(String) }],
      ['enable', { status: 'paused', is_active: true, disabled_reason: null, disabled_at: null }],
      ['resume', { status: 'active', paused_at: null }],
    ];
    for (const [action, shown] of steps) {
      const answer = await act(id, action);
      expect(answer).toMatchObject({ status: 200, headers: { etag: '"1"' }, body: { id, version: 1, ...shown } });
      expect((await act(id, action)).body).toEqual(answer.body);
    }
    expect(await kindsOf(id)).toEqual(['resumed', 'enabled', 'disabled', 'paused']);
  });

  it('is written down with who did it', async () => {
    const id = await create();
    await open(id);
    for (const action of actions) await act(id, action);
    const audited = await rows('select actor, action, subject_kind, tenant_id from audit_log where subject_id::text = $1 order by at', id);
    const names = ['created', 'enabled', 'disabled', 'paused', 'resumed', 'circuit_reset'];
    const tenant_id = await world.tenantId('acme');
    expect(audited).toEqual(names.map((name) => ({ actor: 'admin', action: `webhook.${name}`, subject_kind: 'webhook', tenant_id })));
  });

  it('is for admins, operators, and channels what is theirs; resetting the circuit is not for channels', async () => {
    const id = await create('roles');
    await open(id);
    const may = { operator: actions, channel: actions.slice(0, 4), viewer: [], publisher: [] } as const;
    for (const [role, allowed] of Object.entries(may)) {
      const key = await world.key(role as keyof typeof may, role === 'channel' ? 'roles' : undefined);
      for (const action of [...actions].filter((each) => !(allowed as readonly string[]).includes(each)))
        expect(await act(id, action, key)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(await read(id)).toMatchObject({ circuit_state: 'open', status: 'active' });
    expect(await rows('select action from audit_log where subject_id::text = $1', id)).toEqual([{ action: 'webhook.created' }]);
    const strangers = [await world.key('channel', 'others'), await world.key('admin', undefined, await world.environment('test'))];
    for (const key of strangers)
      for (const action of actions.filter((each) => each !== 'reset-circuit')) expect((await act(id, action, key)).status).toBe(404);
    for (const [key, allowed] of [
      [await world.key('operator'), actions],
      [await world.key('channel', 'roles'), may.channel],
    ] as const)
      for (const action of allowed) expect((await act(id, action, key)).status).toBe(200);
    for (const action of actions) expect((await act('nothing', action)).status).toBe(404);
  });

  it('on again says how much was skipped meanwhile, and brings none of it back', async () => {
    const id = await create();
    await rows(
      `insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, created, skipped)
       values ($1, $2, $3, 0, date_trunc('minute', now()), 'a', 0, 7, 5)`,
      world.environmentId,
      await world.tenantId('acme'),
      id,
    );
    await act(id, 'disable');
    expect((await act(id, 'enable')).body).toMatchObject({ skipped_deliveries: 5, statistics: { skipped: 5, pending: 2 } });
    expect((await read(id)).skipped_deliveries).toBeUndefined();
  });

  it('says when the rule of 120 hours will disable it, while that rule runs', async () => {
    const id = await create();
    expect(await read(id)).toMatchObject({ disables_at: null });
    await open(id);
    await rows(`update webhook_state set no_success_since = '2026-11-22T10:00:00.123Z' where webhook_id = $1`, id);
    expect(await read(id)).toMatchObject({ circuit_state: 'open', disables_at: '2026-11-27T10:00:00.123Z' });
    // What waits for a person is not disabled, and what is disabled is not disabled again.
    await rows('update webhook_state set manual = true where webhook_id = $1', id);
    expect(await read(id)).toMatchObject({ circuit_state: 'open', disables_at: null });
    await rows('update webhook_state set manual = false where webhook_id = $1', id);
    expect((await act(id, 'disable')).body).toMatchObject({ disables_at: null });
    expect((await act(id, 'enable')).body.disables_at > '2026-11-27T10:00:00.123Z').toBe(true);
    expect((await act(id, 'reset-circuit')).body).toMatchObject({ disables_at: null });
  });

  it('resets a circuit to closed, with nothing counted', async () => {
    const id = await create();
    await open(id);
    const closed = { circuit_state: 'closed', circuit_failure_count: 0, circuit_opened_at: null, circuit_retry_at: null };
    expect((await act(id, 'reset-circuit')).body).toMatchObject(closed);
    expect((await act(id, 'reset-circuit')).body).toMatchObject(closed);
    expect(await kindsOf(id)).toEqual(['circuit_reset']);
  });
});

describe('the timeline', () => {
  it('goes through everything, newest first, page by page, also what happened in one microsecond', async () => {
    const id = await create();
    for (let i = 0; i < 5; i++)
      await rows(
        `insert into webhook_timeline (environment_id, tenant_id, webhook_id, at, kind, circuit_failure_count, details)
         select environment_id, tenant_id, id, '2025-01-31T10:00:00.123456Z'::timestamptz + case when $2 < 3 then '0' else '1 us' end::interval, 'k' || $2, $2, '{"a": 1}'
           from webhooks where id = $1`,
        id,
        i,
      );
    const seen: string[][] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await timeline(id, `?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(body.data.map((each: { kind: string }) => each.kind));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual([['k4', 'k3'], ['k2', 'k1'], ['k0']]);
    expect((await timeline(id)).body.data[0]).toEqual({
      at: '2025-01-31T10:00:00.123Z',
      kind: 'k4',
      circuit_failure_count: 4,
      details: { a: 1 },
    });
    const { next_cursor } = (await timeline(id, '?limit=2')).body;
    expect(await timeline(await create(), `?limit=2&cursor=${next_cursor}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    });
    expect(await timeline(id, '?colour=1')).toMatchObject({ status: 400 });
  });

  it('says who did something, and never a secret', async () => {
    const id = await create('told');
    const key = await world.key('channel', 'told');
    await act(id, 'pause', key);
    const { body, text } = await timeline(id);
    expect(body.data).toEqual([
      { at: expect.stringMatching(/Z$/), kind: 'paused', circuit_failure_count: 0, details: { by: 'channel', key_id: expect.any(String) } },
    ]);
    expect(text).not.toContain(key);
  });

  it('is read by those who read webhooks', async () => {
    const id = await create('mine');
    const answers = { operator: 200, viewer: 200, publisher: 403 } as const;
    for (const [role, status] of Object.entries(answers))
      expect((await world.call('GET', `/v1/webhooks/${id}/timeline`, { key: await world.key(role as keyof typeof answers) })).status).toBe(
        status,
      );
    for (const [tenant, status] of [
      ['mine', 200],
      ['theirs', 404],
    ] as const)
      expect((await world.call('GET', `/v1/webhooks/${id}/timeline`, { key: await world.key('channel', tenant) })).status).toBe(status);
  });
});
