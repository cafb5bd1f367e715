// A webhook's page and the overview, in a browser on the real product: what breaks is seen, what is done says what it will do, and who may not do it
// is not offered it.
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import { seriousViolations } from './support/browser.js';
import { useConsole } from './support/console.js';

const world = useConsole({ status: 500 });
const { openSignedIn } = world;
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const readWebhook = async (id: string) => (await world.product.api.get(`/v1/webhooks/${id}`)).body;
const choose = async (page: Page, action: string): Promise<void> => {
  await button(page, 'Actions').click();
  await page.getByRole('menuitem', { name: action }).click();
};

/** A webhook whose circuit is open, with so many deliveries behind it. */
const makeBroken = async (name: string, held: number): Promise<string> => {
  world.receiver.answer({ status: 500 });
  const type = `broken.${name}`;
  const { id } = await world.product.api.createWebhook({
    url: world.receiver.url('/broken'),
    name,
    event_types: [type],
    circuit_threshold: 1,
  });
  await world.product.api.publish({ event_type: type, data: {} });
  await eventually(async () => (await readWebhook(id)).circuit_state === 'open');
  for (let index = 1; index < held; index++) await world.product.api.publish({ event_type: type, data: { index } });
  await eventually(async () => (await readWebhook(id)).statistics.held === held);
  return id;
};

describe('a webhook that is broken', () => {
  it('shows on the overview, says why nothing is sent, and tells how many deliveries each action touches', async () => {
    const id = await makeBroken('Warehouse', 3);
    const page = await openSignedIn('/');
    await page.getByRole('link', { name: /Open circuits.*1/ }).waitFor();
    await page.getByRole('link', { name: 'Warehouse' }).click();
    await page
      .getByRole('alert')
      .getByText(/1 failure in a row; open since/)
      .waitFor();
    await page.getByRole('alert').getByText('Circuit open', { exact: true }).waitFor();

    await choose(page, 'Pause');
    await button(page, 'Pause and hold 3 deliveries').click();
    await page.getByText('paused', { exact: true }).waitFor();
    expect((await readWebhook(id)).status).toBe('paused');
    await choose(page, 'Resume');
    await button(page, 'Resume and send 3 deliveries').click();
    await eventually(async () => (await readWebhook(id)).status === 'active');

    world.receiver.answer({ status: 200 });
    await choose(page, 'Reset circuit');
    await button(page, 'Close it and release 3 deliveries').click();
    await eventually(async () => (await readWebhook(id)).statistics.succeeded === 3);
    await page.getByRole('link', { name: /^Succeeded 3/ }).waitFor();

    await choose(page, 'Disable');
    await button(page, 'Disable and skip 0 deliveries').click();
    await page.getByText('It was disabled by hand.').waitFor();
    await choose(page, 'Delete');
    await button(page, 'Delete and cancel 0 deliveries').click();
    await page.getByRole('heading', { name: 'Webhooks', exact: true }).waitFor();
    expect((await world.product.api.get(`/v1/webhooks/${id}`)).status).toBe(404);
  }, 90_000);
});

describe('a webhook', () => {
  it('is edited, goes back to a version, is tested, and shows its secret', async () => {
    world.receiver.answer({ status: 200, body: 'thank you' });
    const { id, secret } = await world.product.api.createWebhook({
      url: world.receiver.url('/a'),
      name: 'Edited',
      headers: { 'x-own': 'kept' },
    });
    const page = await openSignedIn(`/webhooks/${id}`);
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Webhook Name').fill('Edited twice');
    await button(page, 'Save').click();
    await page.getByRole('heading', { name: 'Edited twice' }).waitFor();
    expect(await readWebhook(id)).toMatchObject({ version: 2, name: 'Edited twice', headers: { 'x-own': '<hidden>' } });

    await page.getByRole('tab', { name: 'Versions' }).click();
    await button(page, 'Restore 1').click();
    await button(page, 'Restore version 1').click();
    await page.getByRole('heading', { name: 'Edited', exact: true }).waitFor();
    expect(await readWebhook(id)).toMatchObject({ version: 3, name: 'Edited' });

    await button(page, 'Send test').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send test' }).click();
    await page.getByRole('status').getByText('thank you').waitFor();
    await page.getByRole('dialog').getByText('Close', { exact: true }).click();
    await choose(page, 'Show secret');
    await button(page, 'Show').click();
    await page.getByRole('dialog').getByText(secret).waitFor();
    await page.getByRole('dialog').getByText('Close', { exact: true }).click();
    await choose(page, 'Rotate secret');
    await button(page, 'Rotate').click();
    await page.getByText('Signs as well until').waitFor();
  }, 90_000);

  it('offers a viewer nothing that it may not do', async () => {
    const { id } = await world.product.api.createWebhook({ url: world.receiver.url('/v'), name: 'Looked at' });
    const { key } = (await world.product.api.send('POST', '/v1/api-keys', { name: 'looker', role: 'viewer' })).body;
    const page = await openSignedIn(`/webhooks/${id}`, key);
    await page.getByRole('heading', { name: 'Looked at' }).waitFor();
    expect(await page.getByRole('main').getByRole('button').allTextContents()).toEqual([]);
    expect(await page.getByRole('link', { name: 'Edit', exact: true }).count()).toBe(0);
    const entries = await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents();
    expect(entries).toEqual(['Overview', 'Webhooks', 'Events', 'Deliveries', 'Event types', 'Settings', 'Health']);
    await page.goto(`${world.product.api.url}/settings/webhooks/new`);
    await page.getByText('Your role may not create webhooks').waitFor();
  }, 60_000);
});

describe('the console', () => {
  it('says that the API is gone, and goes on by itself when it is back', async () => {
    const page = await openSignedIn('/webhooks');
    await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
    await page.context().setOffline(true);
    await page.getByText('Posthorn cannot be reached').waitFor();
    await page.context().setOffline(false);
    await page.getByText('Posthorn cannot be reached').waitFor({ state: 'detached' });
  }, 60_000);

  it.each(['light', 'dark'] as const)(
    'keeps nobody out, as far as axe sees: %s',
    async (colorScheme) => {
      const id = await makeBroken(`Seen_in_${colorScheme}`, 2);
      const page = await openSignedIn('/', undefined, { colorScheme });
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      const paths = ['/', '/webhooks', '/settings/webhooks', '/settings/webhooks/new', `/webhooks/${id}`, `/webhooks/${id}/edit`];
      for (const path of [...paths, ...['versions', 'timeline', 'configuration'].map((tab) => `/webhooks/${id}?tab=${tab}`)]) {
        await page.goto(world.product.api.url + path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' });
        expect([path, await seriousViolations(page)]).toEqual([path, []]);
      }
    },
    120_000,
  );
});
