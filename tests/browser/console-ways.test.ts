// The ways of the console: it follows what happens and reads nothing else, waits for an API that is gone, is worked by keys, and hands out what it shows.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import { startPosthorn } from '../system/support/product.js';
import { type OpenOptions, seriousViolations, setHidden } from './support/browser.js';
import { useConsole } from './support/console.js';

const world = useConsole();
afterEach(() => world.receiver.answer({}));

const open = async (path: string, options?: OpenOptions): Promise<Page> => {
  const page = await world.openSignedIn(path, world.adminKey, options);
  await page.getByRole('heading', { level: 1, name: /^(?!Posthorn$)/ }).waitFor();
  return page;
};
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, ...(typeof name === 'string' && { exact: true }) });
const isLive = (page: Page) => page.getByText('live', { exact: true }).waitFor();
const read = async (path: string) => (await world.product.api.get(path)).body;

/** The paths of what the page reads from the API, but for the stream. */
const noteReads = (page: Page): string[] => {
  const paths: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/v1/') && pathname !== '/v1/stream') paths.push(pathname);
  });
  return paths;
};

describe('a page', () => {
  it('follows a webhook whose circuit opens and is reset, and draws its past', async () => {
    const { id } = await world.product.api.createWebhook({
      url: world.receiver.url('/broken'),
      name: 'Followed',
      event_types: ['followed'],
      circuit_threshold: 1,
    });
    const page = await open(`/webhooks/${id}`);
    const past = page.getByRole('region', { name: 'Circuit and switches' });
    await past.getByRole('listitem').filter({ hasText: 'Circuit closed' }).getByText('all the time').waitFor();
    await past.getByRole('listitem').filter({ hasText: 'Circuit open' }).getByText('never').waitFor();
    await isLive(page);
    world.receiver.answer({ status: 500 });
    await world.product.api.publish({ event_type: 'followed', data: {} });
    await page.getByRole('alert').getByText('Circuit open', { exact: true }).waitFor();
    await past
      .getByRole('listitem')
      .filter({ hasText: 'Circuit open' })
      .getByText(/once, .*now/)
      .waitFor();
    await page.getByRole('table', { name: 'Last deliveries' }).getByText('500').waitFor();

    world.receiver.answer({});
    await world.product.api.send('POST', `/v1/webhooks/${id}/reset-circuit`);
    await page.getByRole('alert').getByText('Circuit open', { exact: true }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /^Succeeded 1/ }).waitFor();
    await past.getByRole('link', { name: 'What happened' }).click();
    await page.getByRole('table', { name: 'Timeline' }).getByText('circuit reset').waitFor();
    await page.getByText('by admin').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  }, 60_000);

  it('reads nothing of what does not concern it, and nothing while nobody looks', async () => {
    const page = await open('/events?event_type=seen');
    await isLive(page);
    await page.getByText('Nothing fits these filters').waitFor();
    await world.product.api.publish({ event_type: 'seen', id: 'seen.first', data: {} });
    await page.getByText('seen.first').waitFor();

    // What it shows is old enough to be read again at a look, were it not for the stream that tells when to.
    await page.evaluate('{ const { now } = Date; Date.now = () => now() + 5_000; }');
    await setHidden(page, true);
    const reads = noteReads(page);
    // A stream of the test's own in the same page. The page, which was told first, would have begun to read half a second later: a longer timer that is
    // set after that ends after it.
    await page.evaluate(`{ window.told = ''; const tap = new EventSource('/v1/stream');
      tap.addEventListener('open', () => { window.told += 'open '; });
      tap.addEventListener('event', ({ data }) => setTimeout(() => { window.told += data; }, 1000)) }`);
    const isTold = (text: string) =>
      eventually(async () => (await page.evaluate<string>('window.told')).includes(text), { timeoutMs: 15_000 });
    await isTold('open');
    await world.product.api.publish({ event_type: 'seen', data: {} });
    await isTold('"seen"');
    expect(reads).toEqual([]);
    // The look concerns the bell as well, which is read some seconds later if it was read a short time ago.
    const readOfPage = () => [...new Set(reads.filter((path) => path !== '/v1/notifications'))];
    await setHidden(page, false);
    await button(page, 'Show 1 new').waitFor();
    expect(readOfPage()).toEqual(['/v1/events']);

    reads.splice(0);
    await world.product.api.publish({ event_type: 'unseen.type', data: {} });
    await isTold('unseen.type');
    expect(readOfPage()).toEqual([]);
    await world.product.api.publish({ event_type: 'seen', id: 'seen.third', data: {} });
    await button(page, 'Show 2 new').waitFor();
    expect(readOfPage()).toEqual(['/v1/events']);
    await page.keyboard.press('r');
    await page.getByText('seen.third').waitFor();
  }, 60_000);
});

describe('the keyboard', () => {
  it('moves through rows, opens them, goes to pages, and is silent while one types', async () => {
    for (const code of ['first', 'second', 'third'])
      await world.product.api.createWebhook({ url: world.receiver.url('/k'), name: `Key ${code}`, tenant: 'keys' });
    const page = await open('/webhooks?tenant=keys');
    const focused = () => page.evaluate<string>('document.activeElement.textContent');
    await page.getByText('Key first').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await focused()).toBe('Key second');
    await page.keyboard.press('k');
    expect(await focused()).toBe('Key third');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Key third' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();

    await page.keyboard.press('/');
    await page.keyboard.type('gokr?');
    expect(
      await page
        .getByRole('combobox', { name: 'Action' })
        .or(page.getByLabel('Action', { exact: true }))
        .first()
        .inputValue(),
    ).toBe('gokr?');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.waitForURL(/action=gokr/);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.goBack();
    await page.waitForURL(/action=gokr/);
    await eventually(async () => (await page.locator('[data-page-search]').inputValue()) === 'gokr?');

    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog');
    await help.getByText('Environment settings').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    // A dialog has the keys for itself.
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    expect(new URL(page.url()).pathname).toBe('/tenants/audit');
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
  }, 60_000);
});

describe('what is sent', () => {
  it('can be sent again by the command that the page gives, to the byte, and secrets are not in it', async () => {
    const { id } = await world.product.api.createWebhook({
      url: world.receiver.url("/it's?a=1&b=[2]"),
      name: 'Curled',
      event_types: ['curled'],
      authentication: { type: 'api_key', header: 'x-key', value: 'VERY-SECRET' },
    });
    world.receiver.clear();
    const event = await world.product.api.publish({ event_type: 'curled', data: { note: `it's "$HOME" \`x\` \\ 1e400 – é` } });
    const [sent] = await world.receiver.waitFor(1);
    await eventually(async () => (await read(`/v1/deliveries/${event}.${id}`)).status === 'succeeded');
    const page = await open(`/deliveries/${event}.${id}`);
    await button(page, 'Copy as curl').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/put in the values of x-key/).waitFor();
    const command = (await dialog.getByLabel('Command').textContent()) ?? '';
    expect(command).not.toContain('VERY-SECRET');
    expect(await seriousViolations(page)).toEqual([]);
    await promisify(execFile)('/bin/sh', ['-c', command]);
    const [, again] = await world.receiver.waitFor(2);
    expect([again?.method, again?.path, again?.body.toString()]).toEqual([sent?.method, sent?.path, sent?.body.toString()]);
    const ours = Object.entries(sent?.headers ?? {}).filter(([name]) => /^(webhook|posthorn|content-type|user-agent)/.test(name));
    expect(again?.headers).toMatchObject({ ...Object.fromEntries(ours), 'x-key': '<hidden>' });
  }, 60_000);

  it('is published from the console as it was typed, and explained in one step from the overview', async () => {
    world.receiver.answer({ status: 503 });
    const { id } = await world.product.api.createWebhook({ url: world.receiver.url('/no'), name: 'Refuses', event_types: ['typed.in'] });
    const page = await open('/events');
    await button(page, 'Publish an event').click();
    const dialog = page.getByRole('dialog', { name: 'Publish an event' });
    await dialog.getByLabel('Event type').fill('typed.in');
    await dialog.getByLabel('Data').fill('{"n": 1e400');
    await dialog.getByText(/This is not JSON/).waitFor();
    expect(await button(page, 'Publish').isDisabled()).toBe(true);
    await dialog.getByLabel('Data').fill('{"n": 1e400, "id": 12345678901234567890}');
    await dialog.getByText(/It goes to 1 webhook that wants/).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await button(page, 'Publish').click();
    await page.waitForURL(/\/events\/[0-9a-f-]{36}$/);
    const event = new URL(page.url()).pathname.split('/').at(-1);
    expect((await world.product.api.get(`/v1/events/${event}`)).text).toContain('{"n": 1e400, "id": 12345678901234567890}');
    await eventually(async () => (await read(`/v1/deliveries/${event}.${id}`)).attempts > 0);

    await page.goto(`${world.product.api.url}/?range=1h`);
    await page
      .getByRole('row', { name: /Refuses/ })
      .getByRole('link', { name: 'Explain' })
      .click();
    await page.waitForURL(`**/deliveries/${event}.${id}`);
    await page.getByRole('region', { name: 'Explain' }).getByText(/503/).first().waitFor();
    await page.getByRole('link', { name: 'typed.in' }).click();
    await button(page, 'Erase').click();
    await button(page, 'Erase it and end 1 delivery').click();
    await page.waitForURL(/\/events$/);
  }, 60_000);

  it('is the schema of an event type as it was typed, and what is wrong stands at its field', async () => {
    const page = await open('/event-types/new');
    const schema = page.getByLabel('JSON Schema of the data');
    await page.getByLabel('Name').fill('exact.type');
    await schema.fill('{"type":');
    await button(page, 'Create').click();
    await page.getByText(/This is not JSON/).waitFor();
    const beyond = '{"type":"object","properties":{"n":{"maximum":1e400}}}';
    await schema.fill(beyond);
    await button(page, 'Create').click();
    // The browser would have made null of it.
    await page.getByText('schema has a number beyond all that can be stored').first().waitFor();
    expect(await schema.inputValue()).toBe(beyond);

    await schema.fill('{"type":"object"}');
    await button(page, 'Create').click();
    await page.getByRole('heading', { level: 1, name: 'exact.type' }).waitFor();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Description').fill('Exact');
    await button(page, 'Save').click();
    await page.getByText('Exact', { exact: true }).waitFor();
  }, 60_000);
});

describe('an environment', () => {
  it('is made in the console, and its first key is shown once', async () => {
    const page = await open('/settings/environment');
    await page.getByRole('link', { name: 'Create environment' }).click();
    await page.getByLabel('Name').fill('staging');
    expect(await seriousViolations(page)).toEqual([]);
    await button(page, 'Create').click();
    const key = (await page.getByText(/^ph_test_/).textContent()) ?? '';
    const answer = await world.product.api.send('GET', '/v1/environments', undefined, { authorization: `Bearer ${key}` });
    expect(answer.body.data).toMatchObject([{ name: 'staging', mode: 'test' }]);
  }, 60_000);
});

describe('an API that is gone', () => {
  it('is said once, loses nothing that was typed, and is found again by the page and its stream', async () => {
    const page = await open('/settings/webhooks/new');
    await page.getByLabel('Webhook Name').fill('Typed before');
    await page.getByRole('textbox', { name: 'URL' }).fill(world.receiver.url('/typed'));
    await world.product.apiProcess.kill('SIGKILL');
    await button(page, 'Create').click();
    await page.getByText('Posthorn cannot be reached').waitFor();
    await page.getByText('Not saved').waitFor();
    expect(await page.getByText('Posthorn cannot be reached').count()).toBe(1);
    expect(await page.getByLabel('Webhook Name').inputValue()).toBe('Typed before');

    const again = startPosthorn('api', { ...world.product.env, PORT: new URL(world.product.api.url).port });
    try {
      await again.ready;
      await page.getByText('Posthorn cannot be reached').waitFor({ state: 'detached' });
      await button(page, 'Create').click();
      await page.getByText('Typed before was created').waitFor();
      await page.getByRole('link', { name: 'Events', exact: true }).click();
      await isLive(page);
      await again.kill('SIGKILL');
      await page.getByText('not live', { exact: true }).waitFor();
    } finally {
      await again.kill('SIGKILL');
    }
    const third = startPosthorn('api', { ...world.product.env, PORT: new URL(world.product.api.url).port });
    try {
      await third.ready;
      await isLive(page);
      await page.getByRole('table', { name: 'Events' }).waitFor();
      const count = await page.getByRole('table', { name: 'Events' }).getByRole('row').count();
      await world.product.api.publish({ event_type: 'after.all', data: {} });
      await button(page, /Show \d+ new/).waitFor();
      expect(await page.getByRole('table', { name: 'Events' }).getByRole('row').count()).toBe(count);
    } finally {
      await third.kill('SIGTERM');
    }
  }, 120_000);
});
