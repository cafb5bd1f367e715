// What others wrote is text, wherever it is shown: nothing of it runs, is loaded, or leads away, and all of it is literally there.
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, eventually, type Received } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import { call } from '../system/support/webhooks.js';
import type { OpenOptions } from './support/browser.js';
import { useConsole } from './support/console.js';
import { brokenText, foreignElements, isHeaderValue, payloads } from './support/payloads.js';
import { untilShown } from './support/views.js';
import { goWithin } from './support/walk.js';

/** The endpoint of the webhook of that name says it: in the body, and where it can stand there in a header. */
const say = ({ path }: Received): Answer => {
  if (path === '/broken') return { raw: 'HTTP/1.1 200 OK\r\nx-<img/src=x/onerror=pwned(33)>: 1\r\ncontent-length: 0\r\n\r\n' };
  if (path === '/bytes') return { headers: { "x-'`|pwned!34!": '1' }, body: brokenText };
  const text = payloads[Number(path.slice(1))] ?? '';
  return { status: 500, body: text, headers: isHeaderValue(text) ? { 'x-said': text } : {} };
};
const world = useConsole(say);
/** As names of members; the API refuses the last in what it keeps as JSON. */
const named = Object.fromEntries(payloads.filter((text) => text !== '__proto__').map((text) => [text, text]));
let webhooks: readonly string[];
let [event, key, bytes, broken] = ['', '', '', ''];

/** What ran, was asked for, or led away, of all pages of a test. */
let breakouts: string[] = [];
const watch = async (page: Page): Promise<Page> => {
  await page.exposeFunction('pwned', (which: unknown) => breakouts.push(`ran: ${String(which)}`));
  page.on('dialog', (dialog) => {
    breakouts.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('popup', (popup) => breakouts.push(`popup: ${popup.url()}`));
  page.context().on('request', (request) => {
    if (!request.url().startsWith(`${world.product.api.url}/`)) breakouts.push(`asked: ${request.url()}`);
  });
  page.on('framenavigated', (frame) => {
    if (new URL(frame.url()).origin !== world.product.api.url) breakouts.push(`led to: ${frame.url()}`);
  });
  return page;
};
const open = async (path: string, options?: OpenOptions): Promise<Page> => watch(await world.openSignedIn(path, undefined, options));
const go = async (page: Page, path: string): Promise<void> => {
  await goWithin(page, path);
  await untilShown(page);
};
/** Resolves when all texts stand on the page, and nothing in it is made of them. In the text, or in a field. */
const expectText = async (page: Page, texts: readonly string[]): Promise<void> => {
  const all = `[document.body.textContent, ...[...document.querySelectorAll('input, textarea')].map(({ value }) => value)].join('\\n')`;
  await eventually(async () => {
    const shown = await page.evaluate<string>(all);
    const missing = texts.filter((text) => !shown.includes(text));
    if (missing.length > 0) throw new Error(`${page.url()} does not show ${missing.join(' ')}`);
    return true;
  });
  expect([page.url(), await page.evaluate(foreignElements)]).toEqual([page.url(), []]);
};

beforeAll(async () => {
  const { product, receiver } = world;
  const post = (path: string, body?: unknown) => call(product, 'POST', path, body);
  const make = async (name: string, path: string): Promise<string> =>
    (
      await product.api.createWebhook({
        name,
        url: receiver.url(path),
        description: name,
        metadata: Object.hasOwn(named, name) ? { [name]: name } : {},
        retry_schedule_s: [3_600],
        filter: { data: { $or: [{ any: 1 }, { any: { $exist: false } }] } },
      })
    ).id;
  webhooks = await Promise.all(payloads.map((name, index) => make(name, `/${index}`)));
  bytes = await make('Bytes', '/bytes');
  broken = await make('Broken', '/broken');
  event = await product.api.publish({
    event_type: 'javascript:alert.1',
    id: 'javascript:pwned_35',
    data: { list: payloads, ...Object.fromEntries(payloads.map((text) => [text, text])) },
    current_context: payloads,
  });
  const long = payloads.join(' ');
  await post('/v1/event-types', {
    name: 'constructor',
    description: long.slice(0, 2_000),
    schema: { enum: payloads },
    example: payloads[0],
  });
  await post('/v1/tenants', { tenant: 'hostile', name: payloads[0], metadata: named });
  for (const name of payloads) key = (await post('/v1/api-keys', { role: 'viewer', name })).id;
  await eventually(async () => {
    const { fan_out, deliveries } = await call(product, 'GET', `/v1/events/${event}`);
    const { data } = await call(product, 'GET', `/v1/events/${event}/deliveries?limit=200`);
    return fan_out === 'done' && deliveries.succeeded === 1 && data.every(({ attempts }: { attempts: number }) => attempts > 0);
  });
}, 60_000);
afterEach(() => {
  const seen = breakouts;
  breakouts = [];
  expect(seen).toEqual([]);
});

it('has payloads of at least thirty kinds', () => expect(new Set(payloads).size).toBeGreaterThanOrEqual(30));

it('sees what it watches for, so that silence means something', async () => {
  const page = await watch(await world.open('/'));
  await page.evaluate('pwned(0)');
  await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<p onclick="x"></p><iframe srcdoc="x"></iframe>')`);
  expect(await page.evaluate(foreignElements)).toHaveLength(2);
  await page.evaluate(`location.assign('https://canary.invalid/x')`);
  const all = ['ran: 0', 'led to: about:srcdoc', 'asked: https://canary.invalid/x'];
  await eventually(() => all.every((one) => breakouts.includes(one)));
  // Where it was led to is told later, and is of no interest.
  await page.close();
  breakouts = [];
  world.expectFaults(/CSP|Content Security Policy/);
});

describe('what others wrote is text', () => {
  it('in every delivery: bodies and headers that came back, names', async () => {
    const page = await open('/');
    for (const [index, text] of payloads.entries()) {
      await go(page, `/deliveries/${event}.${webhooks[index]}`);
      await page.getByLabel('Response body').waitFor();
      await expectText(page, [text, ...(isHeaderValue(text) ? [`x-said: ${text}`] : [])]);
      expect(await page.getByLabel('Response body').textContent()).toBe(text);
    }
    await go(page, `/deliveries/${event}.${bytes}`);
    await expectText(page, ['<script>pwned(32)</script>', '\ufffd', "x-'`|pwned!34!"]);
    await go(page, `/deliveries/${event}.${broken}`);
    await page.getByText('protocol').first().waitFor();
    await expectText(page, []);
  }, 90_000);

  it('on every page of a webhook: name, title, description, metadata, form, what it is called in dialogs', async () => {
    const page = await open('/');
    for (const [index, text] of payloads.entries()) {
      await go(page, `/webhooks/${webhooks[index]}?tab=configuration`);
      await expectText(page, [text, JSON.stringify(Object.hasOwn(named, text) ? { [text]: text } : {}, null, 2)]);
      await eventually(async () => (await page.title()) === `${text} · Posthorn`);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(text);
    }
    await go(page, `/webhooks/${webhooks[0]}/edit`);
    await page.getByLabel('Webhook Name').waitFor();
    await expectText(page, [payloads[0] ?? '']);
    const changed = { name: `${payloads[1]} again`, description: payloads[2], metadata: { [payloads[3] ?? '']: payloads[4] } };
    await call(world.product, 'PATCH', `/v1/webhooks/${bytes}`, changed);
    await go(page, `/webhooks/${bytes}?tab=versions`);
    await expectText(page, [changed.name, payloads[2] ?? '', JSON.stringify({ [payloads[3] ?? '']: payloads[4] }).slice(1, -1)]);
    await go(page, `/webhooks/${bytes}?tab=timeline`);
    await expectText(page, []);
  }, 90_000);

  it('in every list, and on the pages of events, event types, tenants, keys and the audit log', async () => {
    const page = await open('/');
    const showAll = async (path: string): Promise<void> => {
      await go(page, path);
      while ((await page.getByRole('button', { name: 'Show more' }).count()) > 0) {
        await page.getByRole('button', { name: 'Show more' }).click();
        await untilShown(page);
      }
    };
    for (const path of ['/webhooks', '/settings/webhooks', '/deliveries', '/tenants/keys']) {
      await showAll(path);
      await expectText(page, payloads);
    }
    await showAll('/events');
    await expectText(page, ['javascript:alert.1', 'javascript:pwned_35']);
    await showAll(`/events/${event}?explain=${webhooks[0]}`);
    await expectText(page, payloads);
    await page.getByText('Text', { exact: true }).click();
    await expectText(page, [JSON.stringify(payloads)]);
    await page.getByRole('combobox', { name: /Why was it, or was it not/ }).click();
    await page.getByRole('option').first().waitFor();
    await expectText(page, [payloads[1] ?? '']);
    await go(page, '/event-types/of/constructor');
    await expectText(page, payloads.slice(0, 20));
    await go(page, '/event-types/edit/constructor');
    await expectText(page, payloads.slice(0, 20));
    for (const path of ['/tenants', '/tenants/of/hostile', '/tenants/edit/hostile', `/tenants/keys/${key}`]) {
      await go(page, path);
      await expectText(page, [path.includes('keys') ? (payloads.at(-1) ?? '') : (payloads[0] ?? '')]);
    }
    await showAll('/tenants/audit');
    await expectText(page, []);
    await go(page, '/');
    await expectText(page, []);
  }, 90_000);

  it('in addresses: filters, ids, tabs, pages that there are not', async () => {
    world.expectFaults(/status of 4/);
    const page = await open('/');
    for (const text of payloads) {
      const written = encodeURIComponent(text);
      for (const path of [`/${written}`, `/deliveries?event_type=${written}&status=${written}`, `/events?source_id=${written}`])
        await go(page, path);
      await expectText(page, [text]);
      await go(page, `/event-types/of/${written}`);
      await expectText(page, []);
      await go(page, `/webhooks/${webhooks[1]}?tab=${written}`);
      await expectText(page, []);
    }
    for (const [path, say] of [
      [`/events/${event}?explain=${encodeURIComponent('javascript:pwned(36)')}`, 'javascript:alert.1'],
      [`/tenants/of/${encodeURIComponent(payloads[0] ?? '')}`, payloads[0]],
    ] as const) {
      await page.goto(world.product.api.url + path);
      await untilShown(page);
      await expectText(page, [say ?? '']);
    }
  }, 90_000);
});
