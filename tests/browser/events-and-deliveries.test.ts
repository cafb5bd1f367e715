// Why was this not delivered? Events, deliveries and replays in a browser on the real product, live; as somebody who may act, and as a viewer.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import { seriousViolations } from './support/browser.js';
import { useConsole } from './support/console.js';

const hostile = '<img src=x onerror="window.hacked=1">';
const world = useConsole();
const { openSignedIn: open } = world;
let viewerKey: string;
/** Gets everything and answers as it is told; wants only what costs more than 100; is paused. */
let [broken, choosy, paused] = ['', '', ''];

beforeAll(async () => {
  const { product, receiver } = world;
  const { api } = product;
  receiver.answer(({ path }) =>
    path === '/broken' ? { status: 500, headers: { 'x-said': hostile }, body: `<script>window.hacked=2</script>${hostile}` } : {},
  );
  broken = (await api.createWebhook({ url: receiver.url('/broken'), name: `Broken ${hostile}`, event_types: ['order.*'] })).id;
  choosy = (
    await api.createWebhook({
      url: receiver.url('/choosy'),
      name: 'Choosy',
      event_types: ['order.*'],
      filter: { data: { total: { $gt: 100 } } },
    })
  ).id;
  paused = (await api.createWebhook({ url: receiver.url('/paused'), name: 'Paused', event_types: ['late.*'] })).id;
  await api.send('POST', `/v1/webhooks/${paused}/pause`);
  viewerKey = (await api.send('POST', '/v1/api-keys', { role: 'viewer', name: 'viewer' })).body.key;
}, 90_000);

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, ...(typeof name === 'string' && { exact: true }) });
const order = (total: number, id?: string) => ({
  event_type: 'order.placed',
  data: { total, note: hostile },
  ...(id !== undefined && { id }),
});

describe('events', () => {
  it('appear behind a button while the list stays where it is, and are found by their ids', async () => {
    const first = await world.product.api.publish(order(1, 'shop-1'));
    const page = await open('/events');
    await page.getByText('shop-1').waitFor();
    const [stream] = await Promise.all([page.waitForResponse(/\/v1\/stream$/), page.reload()]);
    expect(stream.headers()).toMatchObject({ 'content-type': 'text/event-stream' });
    const rows = page.getByRole('table', { name: 'Events' }).getByRole('row');
    await page.getByText('shop-1').waitFor();
    expect(await rows.count()).toBe(2);
    await world.product.api.publishBatch([order(2, 'shop-2'), order(3, 'shop-3')]);
    await button(page, /2 new/).waitFor();
    expect(await rows.count()).toBe(2);
    await button(page, /2 new/).click();
    await page.getByText('shop-3').waitFor();
    expect(await seriousViolations(page)).toEqual([]);

    await page.getByLabel('Event id or source id').fill('shop-2');
    await page.keyboard.press('Enter');
    await page.waitForURL(/source_id=shop-2/);
    await page.getByText('shop-3').waitFor({ state: 'detached' });
    await page.getByLabel('Event id or source id').fill(first);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/events/${first}`);
    await page.getByRole('heading', { level: 1, name: 'order.placed' }).waitFor();
  }, 60_000);

  it('show their way to each webhook, and explain the clause that stopped one', async () => {
    const id = await world.product.api.publish({
      event_type: 'order.placed',
      data: { total: 7, note: hostile },
    });
    const page = await open(`/events/${id}`);
    const lane = page.getByRole('article', { name: `Delivery to webhook ${broken}` });
    await lane.getByText(/Attempt 1/).waitFor();
    await lane.getByText(/first byte .* in all/).waitFor();
    await lane.getByText(/The next attempt is due/).waitFor();
    await page.getByRole('combobox', { name: /Why was it, or was it not/ }).click();
    await page.getByRole('option', { name: /Choosy/ }).click();
    await page.getByText('/data/total/$gt').first().waitFor();
    expect(new URL(page.url()).searchParams.get('explain')).toBe(choosy);
    await page.getByText(`note: ${JSON.stringify(hostile)}`).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);

  it('go on live while somebody looks', async () => {
    const id = await world.product.api.publish({ event_type: 'late.news', data: {} });
    const page = await open(`/events/${id}`);
    await page.getByText('Held: it goes out when its webhook lets it').waitFor();
    await world.product.api.send('POST', `/v1/webhooks/${paused}/resume`);
    await page.getByText('settled').waitFor();
    await page.getByText(/✓ 200/).waitFor();
  }, 60_000);
});

describe('deliveries', () => {
  it('are filtered in the URL, and tell what was sent and came back as text; cancelling says what it does', async () => {
    const page = await open('/deliveries?status=pending');
    await page.getByRole('table', { name: 'Deliveries' }).getByRole('link', { name: 'order.placed' }).first().click();
    const newest = page.getByRole('article', { name: /Attempt/ }).first();
    await newest.getByText(`x-said: ${hostile}`).waitFor();
    await newest.getByText(`<script>window.hacked=2</script>${hostile}`).waitFor();
    await newest.getByText(/webhook-signature/).waitFor();
    await button(page, /Retry now \(attempt \d+ of \d+, next was in/).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await button(page, 'Cancel what remains').click();
    await page.getByText('No further attempt is made of it').waitFor();
    await button(page, 'Cancel the delivery').click();
    await button(page, 'Send again').waitFor();
    await page.getByText('cancelled by hand').first().waitFor();
  }, 60_000);

  it('go out again by the filter that is shown, after a count', async () => {
    const id = await world.product.api.publish({ event_type: 'order.bulk', data: {} });
    await eventually(async () => (await world.product.api.get(`/v1/deliveries/${id}.${broken}`)).body.attempts > 0);
    await world.product.api.send('POST', `/v1/deliveries/${id}.${broken}/cancel`);
    world.receiver.answer({});
    const page = await open('/deliveries?status=cancelled&status_code=5xx');
    expect(await button(page, 'Retry all that match').getAttribute('aria-description')).toMatch(/Choose a webhook/);
    await page.getByLabel('Code').fill('');
    await page.waitForURL((url) => !url.searchParams.has('status_code'));
    await page.getByLabel('Event type').fill('order.bulk');
    await page.waitForURL(/event_type=order.bulk/);
    await button(page, 'Retry all that match').click();
    await page.getByText('1 delivery match').waitFor();
    await button(page, 'Retry 1 delivery').click();
    await page.waitForURL(/\/replays\//);
    await page.getByText('1 succeeded').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('link', { name: '← Replays' }).click();
    await page.getByText(/status: cancelled/).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);

  it('can be read by a viewer, who is offered nothing that would fail, on a narrow screen', async () => {
    const page = await open('/deliveries', viewerKey, { width: 375, height: 800, colorScheme: 'dark' });
    await page.getByRole('link', { name: 'order.placed' }).first().waitFor();
    expect(await button(page, 'Retry all that match').count()).toBe(0);
    const isNarrow = async () => expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
    await isNarrow();
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'order.placed' }).first().click();
    await page
      .getByRole('article', { name: /Attempt/ })
      .first()
      .waitFor();
    expect(await button(page, /Retry|Send again|Cancel/).count()).toBe(0);
    await isNarrow();
    expect(await seriousViolations(page)).toEqual([]);
    await page
      .getByRole('row', { name: /^Event / })
      .getByRole('link')
      .click();
    await page.getByText('Accepted').first().waitFor();
    await page.getByRole('article').first().waitFor();
    await isNarrow();
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);
});
