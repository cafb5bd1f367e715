// Event types, tenants, keys, the audit log, the environment and health, in a browser on the real product; as somebody who administers, and as a viewer.
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { seriousViolations } from './support/browser.js';
import { useConsole } from './support/console.js';

const hostile = '<img src=x onerror="window.hacked=1">';
const world = useConsole();
const { openSignedIn: open, expectFaults } = world;
let viewerKey: string;

beforeAll(async () => {
  const { api } = world.product;
  const schema = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } };
  await api.send('POST', '/v1/event-types', { name: 'order.placed', description: hostile, schema, example: { id: 7, note: hostile } });
  await api.send('POST', '/v1/event-types', { name: 'shop/order:paid' });
  await api.send('POST', '/v1/tenants', { tenant: 'acme', name: hostile, metadata: { plan: hostile } });
  await api.createWebhook({ url: 'http://127.0.0.1:9/', name: hostile, tenant: 'acme', event_types: ['order.*'] });
  await api.send('POST', '/v1/api-keys', { role: 'publisher', name: hostile });
  viewerKey = (await api.send('POST', '/v1/api-keys', { role: 'viewer', name: 'viewer' })).body.key;
}, 90_000);

const go = (page: Page, path: string) => page.goto(world.product.api.url + path);
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true });
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });

describe('event types', () => {
  it('are found, created, changed and deleted', async () => {
    const page = await open('/event-types');
    await page.getByRole('row', { name: /order\.placed/ }).waitFor();
    await page.getByLabel('Search').fill('paid');
    await page.getByText('1 in all').waitFor();
    expect(new URL(page.url()).searchParams.get('name')).toBe('paid');
    await link(page, 'shop/order:paid').click();
    await heading(page, 'shop/order:paid').waitFor();
    await page.getByText('Nobody wants it').waitFor();

    await go(page, '/event-types/new');
    await page.getByLabel('Name').fill('user.signed_up');
    await page.getByLabel('Example of the data').fill('{"id": 1, "mail": "a@b.c"}');
    await button(page, 'Make a schema from the example').click();
    await button(page, 'Create').click();
    await heading(page, 'user.signed_up').waitFor();
    const read = async (name: string) => (await world.product.api.get(`/v1/event-types/${encodeURIComponent(name)}`)).body;
    expect(await read('user.signed_up')).toMatchObject({
      schema: { properties: { id: { type: 'integer' }, mail: { type: 'string' } } },
      example: { id: 1, mail: 'a@b.c' },
    });

    await link(page, 'Edit').click();
    await page.getByLabel('Example of the data').fill('{"id": "seven"}');
    await button(page, 'Save').click();
    expectFaults(/status of 422/);
    await page.getByRole('alert').getByText('Not saved').waitFor();
    expect(await page.getByLabel('Example of the data').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Example of the data').fill('{"id": 2, "mail": "x"}');
    await page.getByLabel('Description').fill('Somebody came.');
    await button(page, 'Save').click();
    // The form has these words too: its page is left once it is saved.
    await link(page, 'Edit').waitFor();
    await page.getByText('Somebody came.').waitFor();
    expect((await read('user.signed_up')).example).toEqual({ id: 2, mail: 'x' });

    await button(page, 'Delete').click();
    await page
      .getByRole('dialog')
      .getByText(/they are no longer checked/)
      .waitFor();
    await button(page, 'Delete event type').click();
    await heading(page, 'Event types').waitFor();
    await page.getByRole('row', { name: /order\.placed/ }).waitFor();
    expect((await read('user.signed_up')).code).toBe('not_found');
  }, 60_000);

  it('show who wants them, and what others wrote as text', async () => {
    const page = await open('/event-types/of/order.placed');
    await link(page, hostile).waitFor();
    await page.getByText(hostile).first().waitFor();
    expect(await page.getByRole('link', { name: /^Webhooks that want it/ }).getAttribute('href')).toBe('/webhooks?event_type=order.placed');
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);
});

describe('tenants and keys', () => {
  it('makes, changes and erases a tenant, once its key was typed', async () => {
    const page = await open('/');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Tenants and keys' }).click();
    await link(page, 'acme').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await link(page, 'Create tenant').click();
    await page.getByRole('textbox', { name: 'Tenant', exact: true }).fill('umbrella');
    await page.getByLabel('Metadata').fill('{"plan": "free", "seats": 3}');
    await button(page, 'Create').click();
    await heading(page, 'umbrella').waitFor();
    await link(page, 'Edit').click();
    await page.getByLabel('Metadata').fill('{"plan": "paid"}');
    await page.getByLabel('Name').fill('Umbrella Ltd.');
    await button(page, 'Save').click();
    await heading(page, 'Umbrella Ltd.').waitFor();
    const read = async () => (await world.product.api.get('/v1/tenants/umbrella')).body;
    expect(await read()).toMatchObject({ name: 'Umbrella Ltd.', metadata: { plan: 'paid' } });

    await button(page, 'Erase').click();
    const dialog = page.getByRole('dialog', { name: 'Erase umbrella?' });
    await dialog.getByText('0 webhooks are deleted.').waitFor();
    expect(await button(page, 'Erase tenant').isDisabled()).toBe(true);
    await dialog.getByLabel('Type umbrella to go on').fill('umbrella');
    await button(page, 'Erase tenant').click();
    await heading(page, 'Tenants').waitFor();
    await link(page, 'umbrella').waitFor({ state: 'detached' });
    expect((await read()).code).toBe('not_found');
  }, 60_000);

  it('makes a key, shows it once, and revokes it', async () => {
    const page = await open('/tenants/keys/new');
    await page.getByLabel('Name').fill('Shop');
    await page.getByRole('combobox', { name: 'Role' }).click();
    await page.getByRole('option', { name: 'channel' }).click();
    await button(page, 'Create').click();
    await page.getByText('A key of role channel belongs to one tenant').waitFor();
    await page.getByRole('combobox', { name: 'Tenant' }).fill('acme');
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Expires' }).click();
    await page.getByRole('option', { name: 'In 30 days' }).click();
    await button(page, 'Create').click();
    const key = (await page.getByText(/^ph_test_/).textContent()) ?? '';
    const asIt = async () => (await world.product.api.send('GET', '/v1/webhooks', undefined, { authorization: `Bearer ${key}` })).status;
    expect(await asIt()).toBe(200);
    await link(page, 'To this key').click();
    await heading(page, 'Shop').waitFor();
    expect(await page.content()).not.toContain(key);
    await button(page, 'Revoke').click();
    await button(page, 'Revoke key').click();
    await page.getByText('revoked', { exact: true }).waitFor();
    const { data } = (await world.product.api.get('/v1/api-keys?role=channel')).body;
    expect(data).toMatchObject([{ name: 'Shop', tenant: 'acme', expires_at: expect.any(String), revoked_at: expect.any(String) }]);
  }, 60_000);

  it('lists keys and who did what, by filters in the address', async () => {
    const page = await open('/tenants/keys?role=publisher');
    await link(page, hostile).waitFor();
    await page.getByText('1 in all').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await go(page, '/tenants/audit?action=event_type.created');
    await link(page, 'order.placed').waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'tenant.created' }).count()).toBe(0);
    await button(page, 'Clear filters').click();
    await page.getByRole('row').filter({ hasText: 'tenant.created' }).first().waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);
});

describe('the environment', () => {
  it('is changed, field by field, and asks before it loses what was typed', async () => {
    const page = await open('/settings/environment');
    await page.getByLabel('Timeout').fill('5000');
    await page.getByLabel('Retry schedule').fill('5, 60');
    await page.getByRole('combobox', { name: /does not fit/ }).click();
    await page.getByRole('option', { name: 'Refuse it' }).click();
    await page.getByRole('tab', { name: 'Webhook Settings' }).click();
    await button(page, 'Go on editing').click();
    await button(page, 'Save').click();
    await page.getByText('The settings were saved').waitFor();
    const [environment] = (await world.product.api.get('/v1/environments')).body.data;
    expect(environment.settings).toMatchObject({
      timeout_ms: 5_000,
      retry_schedule_s: [5, 60],
      event_schemas: 'reject',
      max_in_flight: null,
    });
    // Nothing that could be lost is left.
    await page.getByRole('tab', { name: 'Webhook Settings' }).click();
    await link(page, 'Create Webhook').waitFor();
    await page.getByRole('tab', { name: 'Environment' }).click();
    expect(await page.getByLabel('Timeout').inputValue()).toBe('5,000 ms');
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);
});

describe('health', () => {
  it('says that all is reachable, and which processes run', async () => {
    const page = await open('/health', world.adminKey, { colorScheme: 'dark' });
    await page.getByText('Everything that is needed is reachable').waitFor();
    await page.getByRole('table', { name: 'Processes' }).getByRole('cell', { name: 'worker', exact: true }).waitFor();
    await page.getByText('redis, reachable').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);
});

describe('a viewer', () => {
  it('reads event types and health, and is offered nothing that would be refused', async () => {
    const page = await open('/event-types', viewerKey);
    await link(page, 'order.placed').click();
    await heading(page, 'order.placed').waitFor();
    expect(await page.getByRole('link', { name: 'Edit' }).count()).toBe(0);
    expect(await button(page, 'Delete').count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Tenants and keys' }).count()).toBe(0);
    for (const [path, words] of [
      ['/event-types/new', 'Your role may not create event types'],
      ['/tenants/keys', 'Your role may not see tenants and keys'],
      ['/settings/environment', 'Your role may not see the settings of the environment'],
    ] as const) {
      await go(page, path);
      await page.getByText(words).waitFor();
    }
    await go(page, '/health');
    await page.getByText('Everything that is needed is reachable').waitFor();
  }, 60_000);
});

it.each([
  '/event-types',
  '/event-types/of/order.placed',
  '/tenants/of/acme',
  '/tenants/keys',
  '/tenants/audit',
  '/settings/environment',
  '/health',
])(
  '%s fits a narrow screen',
  async (path) => {
    const page = await open(path, world.adminKey, { width: 375, height: 800 });
    await page.getByRole('main').getByRole('heading').first().waitFor();
    await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
  },
  60_000,
);
