// Lists as CSV files: whole over many pages, chosen by the list's own filters, and harmless in a spreadsheet.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent } from '../../tests/past.js';
import { limits } from '../limits.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const linesOf = async (path: string, key?: string): Promise<readonly string[]> => {
  const answer = await world.call('GET', path, key === undefined ? {} : { key });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(answer.text.endsWith('\r\n')).toBe(true);
  return answer.text.split('\r\n').slice(0, -1);
};

describe('the export', () => {
  it('has every event of more than one page once, newest first', async () => {
    const count = limits.exportPageRows * 2 + 7;
    const ids = Array.from({ length: count }, () => world.newId()).sort();
    await world.pool.query(
      `insert into events (id, environment_id, tenant_id, event_type, event_time, data, dispatch_id)
       select id, $1, $2, 'many', now(), '{"secret":1}', id from unnest($3::uuid[]) as id`,
      [world.environmentId, await world.tenantId('many'), ids],
    );
    const [header, ...lines] = await linesOf('/v1/events/export?tenant=many');
    expect(header).toBe('id,source_id,tenant,event_type,event_time,accepted_at,project_flow,fan_out');
    expect(lines.map((line) => line.split(',')[0])).toEqual([...ids].reverse());
    expect(lines.join()).not.toContain('secret');
  });

  it('has the deliveries that the filters choose, as the list shows them', async () => {
    const webhook = await newWebhook(world, 'acme');
    const failed = await pastDelivery(world, await pastEvent(world), webhook, 'failed');
    await pastDelivery(world, await pastEvent(world), webhook, 'succeeded');
    const [shown] = (await world.call('GET', '/v1/deliveries?status=failed&tenant=acme')).body.data;
    const [header = '', ...lines] = await linesOf('/v1/deliveries/export?status=failed&tenant=acme');
    expect(lines).toHaveLength(1);
    const row = Object.fromEntries(header.split(',').map((name, index) => [name, lines[0]?.split(',')[index]]));
    expect(`${row.event_id}.${row.webhook_id}`).toBe(failed);
    expect(row).toMatchObject({ tenant: 'acme', event_type: 'order.placed', status: 'failed', reason: 'exhausted', attempts: '1' });
    expect(row.created_at).toBe(shown.created_at);
  });

  it('lets no cell be a formula, and quotes what would be two', async () => {
    const id = await pastEvent(world, 'sheet');
    await world.pool.query('update events set source_id = $1, project_flows = $2 where id = $3', [
      '-2',
      ['=HYPERLINK("http://evil.example","a"),b', '@x'],
      id,
    ]);
    for (const [first, cell] of [
      ['=1', `'=1`],
      ['+1', `'+1`],
      ['@a', `'@a`],
    ] as const) {
      const other = await pastEvent(world, `sheet${first.charCodeAt(0)}`);
      await world.pool.query('update events set project_flows = $1 where id = $2', [[first], other]);
      expect((await linesOf(`/v1/events/export?tenant=sheet${first.charCodeAt(0)}`))[1]?.split(',')[6]).toBe(cell);
    }
    const [, line] = await linesOf('/v1/events/export?tenant=sheet');
    expect(line).toContain(`${id},'-2,sheet,`);
    expect(line).toContain(`"'=HYPERLINK(""http://evil.example"",""a""),b @x"`);
  });

  it('is its header alone where nothing is in reach, and refuses what the list refuses', async () => {
    expect(await linesOf('/v1/events/export?tenant=nobody')).toHaveLength(1);
    const bound = await world.key('viewer', 'bound-tenant');
    expect(await linesOf('/v1/events/export', bound)).toHaveLength(1);
    expect(await linesOf('/v1/deliveries/export?tenant=acme', bound)).toHaveLength(1);
    for (const query of ['status=x', 'unknown=1', 'limit=1', 'created_at[gte]=yesterday'])
      expect((await world.call('GET', `/v1/deliveries/export?${query}`)).status).toBe(400);
  });
});
