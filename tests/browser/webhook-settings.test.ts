// The way of the document of seed 002, word for word, in a browser on the real product: and the webhook is there, and works.
import { describe, expect, it } from '@jest/globals';
import type { Received } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import { type OpenOptions, signIn } from './support/browser.js';
import { useConsole } from './support/console.js';

const world = useConsole();
const { open } = world;
const openSignedIn = (path: string, options?: OpenOptions): Promise<Page> => world.openSignedIn(path, world.adminKey, options);
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const webhooksNamed = async (name: string) => (await world.product.api.get(`/v1/webhooks?name=${encodeURIComponent(name)}`)).body.data;

describe('signing in', () => {
  it('says what is wrong with a key, and goes on to where one wanted to', async () => {
    const page = await open('/settings/webhooks/new');
    await signIn(page, 'ph_test_nobody');
    await page.getByRole('alert').getByText('This key is not known').waitFor();
    await signIn(page, world.adminKey);
    await page.getByRole('heading', { name: 'Create Webhook' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/settings/webhooks/new');
    const stored = await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie])');
    expect(stored).not.toContain(world.adminKey);
    expect(await page.evaluate('document.cookie')).toBe('');
  });
});

describe('Settings → Webhook Settings', () => {
  it('creates a webhook as the document says, and shows its secret once', async () => {
    const page = await openSignedIn('/');
    // In the sidebar of the interface, find and click on the Settings menu.
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
    // Within the Settings menu, click on the Webhook Settings tab on the left.
    const tab = page.getByRole('tab', { name: 'Webhook Settings' });
    await tab.click();
    // You'll find the create Webhook button on the right.
    const create = page.getByRole('link', { name: 'Create Webhook' });
    await create.waitFor();
    const [tabBox, createBox] = [await tab.boundingBox(), await create.boundingBox()];
    expect(tabBox?.x).toBeLessThan(createBox?.x ?? 0);
    await create.click();

    await page.getByLabel('Webhook Name').fill('Work orders');
    const events = page.getByRole('combobox', { name: 'Webhook Events' });
    await events.fill('work_order.*');
    await events.press('Enter');
    await events.fill('user.signed_up');
    await events.press('Enter');
    expect(await page.getByRole('combobox', { name: 'Notification Type' }).inputValue()).toBe('REST');
    await page.getByLabel('URL').fill(world.receiver.url('/hook'));
    await page.getByRole('textbox', { name: 'API Key' }).fill('s3cret-of-the-receiver');
    await button(page, 'Create').click();

    const secret = (await page.getByText(/^whsec_/).textContent()) ?? '';
    expect(secret).toMatch(/^whsec_.{40,}/);
    const [webhook] = await webhooksNamed('Work orders');
    expect(webhook).toMatchObject({
      name: 'Work orders',
      event_types: ['work_order.*', 'user.signed_up'],
      notification_type: 'rest',
      url: world.receiver.url('/hook'),
      authentication: { type: 'api_key', header: 'x-api-key', value: '<hidden>' },
    });
    expect((await world.product.api.get(`/v1/webhooks/${webhook.id}/secret`)).body.secret).toBe(secret);
    await page.getByRole('link', { name: 'To Webhook Settings' }).click();
    await page.getByRole('link', { name: 'Work orders' }).waitFor();
    expect(await page.content()).not.toContain(secret);

    await world.product.api.publish({ event_type: 'work_order.closed', data: { id: 7 } });
    const [{ headers, body }] = (await world.receiver.waitFor(1)) as [Received];
    expect(headers['x-api-key']).toBe('s3cret-of-the-receiver');
    expect(Object.keys(JSON.parse(body.toString()))).toEqual(['event_time', 'event_type', 'current_context', 'data']);
  }, 60_000);

  it('creates nothing on Cancel, and asks first when something was typed', async () => {
    const page = await openSignedIn('/settings/webhooks/new');
    await page.getByLabel('URL').waitFor();
    await button(page, 'Cancel').click();
    await page.getByRole('link', { name: 'Create Webhook' }).click();
    await page.getByLabel('Webhook Name').fill('Half-typed');
    await button(page, 'Cancel').click();
    await button(page, 'Go on editing').click();
    expect(await page.getByLabel('Webhook Name').inputValue()).toBe('Half-typed');
    await button(page, 'Cancel').click();
    await button(page, 'Discard').click();
    await page.getByRole('link', { name: 'Create Webhook' }).waitFor();
    expect(await webhooksNamed('Half-typed')).toEqual([]);
  }, 60_000);

  it('says at the field what the API refuses', async () => {
    const page = await openSignedIn('/settings/webhooks/new');
    await button(page, 'Create').click();
    await page.getByText('A webhook needs a URL').waitFor();
    await page.getByLabel('URL').fill('http://169.254.169.254/');
    await button(page, 'Create').click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('URL').getAttribute('aria-invalid')).toBe('true');
  }, 60_000);

  it('fits a narrow screen, and is used by keyboard', async () => {
    const page = await openSignedIn('/settings/webhooks', { width: 375, height: 800, colorScheme: 'dark' });
    await page.getByRole('link', { name: 'Create Webhook' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
    await page.locator('body').press('/');
    expect(await page.evaluate('document.activeElement.hasAttribute("data-page-search")')).toBe(true);
    await page.keyboard.press('Escape');
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  }, 60_000);
});
