// One story from end to end, in a browser on the real product: a webhook is created as the document of seed 002 says, its deliveries are watched as
// they arrive, its endpoint breaks and is mended, and what was missed is sent again. Every page that is open learns of it by itself.
import { expect, it } from '@jest/globals';
import { eventually, type Received } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import { readWebhook, untilWebhook } from '../system/support/webhooks.js';
import { useConsole } from './support/console.js';

const world = useConsole();
const name = 'Work orders';
const button = (page: Page, label: string | RegExp) =>
  page.getByRole('button', { name: label, ...(typeof label === 'string' && { exact: true }) });
const rowsOf = (page: Page, table: string) => page.getByRole('table', { name: table }).locator('tbody').getByRole('row');
const publish = (id: number): Promise<string> => world.product.api.publish({ event_type: 'work_order.closed', data: { id } });
const idsOf = (received: readonly Received[]): readonly string[] => received.map(({ headers }) => headers['webhook-id'] ?? '');

/** The path of the document, word for word. Returns the secret that is shown once. */
const createAsTheDocumentSays = async (page: Page): Promise<string> => {
  // In the sidebar of the interface, find and click on the Settings menu.
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings', exact: true }).click();
  // Click on the Settings -> Webhook Settings tab on the left.
  await page.getByRole('tab', { name: 'Webhook Settings', exact: true }).click();
  // You'll find the create Webhook button on the right.
  await page.getByRole('link', { name: 'Create Webhook', exact: true }).click();
  await page.getByLabel('Webhook Name').fill(name);
  const events = page.getByRole('combobox', { name: 'Webhook Events' });
  await events.fill('work_order.*');
  await events.press('Enter');
  expect(await page.getByRole('combobox', { name: 'Notification Type' }).inputValue()).toBe('REST');
  await page.getByLabel('URL').fill(world.receiver.url('/work-orders'));
  await page.getByRole('textbox', { name: 'API Key', exact: true }).fill('known-to-the-receiver');
  // Press the Create button to continue with the action.
  await button(page, 'Create').click();
  return (await page.getByText(/^whsec_/).textContent()) ?? '';
};

const webhookNamed = async (): Promise<{ readonly id: string }> =>
  (await world.product.api.get(`/v1/webhooks?name=${encodeURIComponent(name)}`)).body.data[0];

/** Notes that the document of the page is still the one it was: nothing was reloaded. */
const markDocument = (page: Page) => page.evaluate('window.isStillTheSame = true');
const expectSameDocument = async (page: Page): Promise<void> => expect(await page.evaluate('window.isStillTheSame')).toBe(true);

/** The second failure opens the circuit, until it is reset; retries are due soon. */
const impatient = { circuit_threshold: 2, circuit_recovery: 'manual', retry_schedule_s: [1, 1, 1] };

it('is created, watched, broken, explained, mended, reset and replayed', async () => {
  const { product, receiver } = world;
  const page = await world.openSignedIn('/');
  const secret = await createAsTheDocumentSays(page);
  expect(secret).toMatch(/^whsec_.{40,}/);
  await page.getByRole('link', { name: 'To Webhook Settings' }).click();
  await page.getByRole('link', { name }).waitFor();
  expect(await page.content()).not.toContain(secret);
  const { id } = await webhookNamed();
  await product.api.send('PATCH', `/v1/webhooks/${id}`, impatient);

  // Two pages are open while it happens; neither is reloaded.
  await page.getByRole('link', { name }).click();
  await page.getByText('None yet. Publish an event that it wants').waitFor();
  const list = await world.openSignedIn('/deliveries');
  await list.getByText('No deliveries yet').waitFor();
  await Promise.all([page, list].map(markDocument));

  const first = await publish(1);
  await list.getByRole('link', { name: 'work_order.closed' }).waitFor();
  await rowsOf(page, 'Last deliveries').getByText('succeeded').waitFor();
  const [arrived] = await receiver.waitFor(1);
  expect([arrived?.headers['x-api-key'], arrived?.headers['webhook-id']]).toEqual(['known-to-the-receiver', first]);

  receiver.answer({ status: 500, body: 'The database is being upgraded' });
  const failed = [await publish(2), await publish(3)];
  await page
    .getByRole('alert')
    .getByText(/2 failures in a row; open since/)
    .waitFor();
  await page.getByRole('alert').getByText('Circuit open', { exact: true }).waitFor();
  const held = await publish(4);
  await eventually(async () => (await rowsOf(page, 'Last deliveries').getByText('held').count()) === 3);
  await untilWebhook(product, id, ({ statistics }) => statistics.held === 3);

  // Why was this not delivered? From the list it is one click to the delivery, where the answer stands; from an event, two.
  await button(list, /^Show \d+ new$/).click();
  await rowsOf(list, 'Deliveries').filter({ hasText: 'held' }).first().getByRole('link', { name: 'work_order.closed' }).click();
  await list
    .getByRole('region', { name: 'Explain' })
    .getByText(/circuit/)
    .first()
    .waitFor();
  await list.getByText('What helps:').waitFor();
  await list.getByRole('link', { name: 'work_order.closed' }).click();
  await button(list, 'Explain').click();
  await list.getByRole('region', { name: 'Explain' }).getByText('What helps:').waitFor();
  await expectSameDocument(list);

  receiver.clear();
  receiver.answer({});
  await button(page, 'Actions').click();
  await page.getByRole('menuitem', { name: 'Reset circuit' }).click();
  await button(page, 'Close it and release 3 deliveries').click();
  expect(new Set(idsOf(await receiver.waitFor(3)))).toEqual(new Set([...failed, held]));
  await page.getByRole('alert').getByText('Circuit open', { exact: true }).waitFor({ state: 'detached' });
  await eventually(async () => (await rowsOf(page, 'Last deliveries').getByText('succeeded').count()) === 4);
  expect((await readWebhook(product, id)).circuit_state).toBe('closed');
  await expectSameDocument(page);

  receiver.clear();
  await page.getByRole('link', { name: 'All deliveries' }).click();
  await page.getByRole('combobox', { name: 'Status' }).click();
  await page.getByRole('option', { name: 'succeeded' }).click();
  await page.waitForURL(/status=succeeded/);
  await button(page, 'Retry all that match').click();
  await page.getByText('4 deliveries match').waitFor();
  await button(page, 'Retry 4 deliveries').click();
  await page.waitForURL(/\/replays\//);
  await page.getByText('4 of 4 deliveries').waitFor();
  await page.getByText('4 succeeded').waitFor();
  expect(new Set(idsOf(await receiver.waitFor(4)))).toEqual(new Set([first, ...failed, held]));
}, 90_000);
