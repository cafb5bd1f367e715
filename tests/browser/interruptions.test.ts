// What was typed survives: a session that ends while a form is half filled, and an API that dies and comes back at the same address.
import { afterAll, describe, expect, it } from '@jest/globals';
import { eventually, type StartedProcess } from '@posthorn/testkit';
import type { Locator, Page } from 'playwright-core';
import { startPosthorn } from '../system/support/product.js';
import { useConsole } from './support/console.js';

let again: StartedProcess | undefined;
// Before the product's own end, which finds nothing left open.
afterAll(async () => {
  await again?.kill();
}, 30_000);
const world = useConsole();

type Form = {
  readonly name: string;
  readonly path: string;
  readonly fill: (page: Page) => Promise<void>;
  /** The field that was filled last. */
  readonly last: (page: Page) => Locator;
  /** Seen once it is saved. */
  readonly saved: (page: Page) => Locator;
  /** What the API has of it then. */
  readonly read: () => Promise<unknown>;
  readonly expected: unknown;
};

const text = 'What was typed before it happened';
const get = async (path: string) => (await world.product.api.get(path)).body;

const webhookForm: Form = {
  name: 'a webhook',
  path: '/settings/webhooks/new',
  fill: async (page) => {
    await page.getByLabel('Webhook Name').fill(text);
    await page.getByLabel('URL').fill(world.receiver.url('/kept'));
  },
  last: (page) => page.getByLabel('Webhook Name'),
  saved: (page) => page.getByText(/^whsec_/),
  read: async () => (await get(`/v1/webhooks?name=${encodeURIComponent(text)}`)).data,
  expected: [expect.objectContaining({ name: text })],
};
const forms: readonly Form[] = [
  webhookForm,
  {
    name: 'an event type',
    path: '/event-types/new',
    fill: async (page) => {
      await page.getByLabel('Name').fill('kept.while.away');
      await page.getByLabel('Description').fill(text);
    },
    last: (page) => page.getByLabel('Description'),
    saved: (page) => page.getByRole('heading', { level: 1, name: 'kept.while.away' }),
    read: () => get('/v1/event-types/kept.while.away'),
    expected: expect.objectContaining({ description: text }),
  },
  {
    name: 'a tenant',
    path: '/tenants/new',
    fill: async (page) => {
      await page.getByRole('textbox', { name: 'Tenant', exact: true }).fill('kept');
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill(text);
    },
    last: (page) => page.getByRole('textbox', { name: 'Name', exact: true }),
    saved: (page) => page.getByRole('heading', { level: 1, name: text }),
    read: () => get('/v1/tenants/kept'),
    expected: expect.objectContaining({ name: text }),
  },
];
const create = (page: Page) => page.getByRole('button', { name: 'Create', exact: true });
const over = (page: Page) => page.getByRole('dialog', { name: 'Your session is over' });
const signInAgain = async (page: Page, key: string): Promise<void> => {
  await over(page).getByLabel('API key').fill(key);
  await over(page).getByRole('button', { name: 'Sign in' }).click();
};

describe('a session that ends', () => {
  it.each(forms)(
    'keeps what was typed of $name, and sends it once one has signed in again',
    async ({ path, fill, last, saved, read, expected }) => {
      const page = await world.openSignedIn(path);
      await fill(page);
      await page.context().clearCookies();
      // No pointer: another call of the page may have found that the session is over, and the dialog lie over the button.
      await create(page).dispatchEvent('click');
      await over(page).waitFor();
      expect(await last(page).inputValue()).toBe(text);
      await signInAgain(page, 'ph_test_nobody');
      await over(page).getByText('This key is not known').waitFor();
      await signInAgain(page, world.adminKey);
      await saved(page).waitFor();
      expect(await read()).toEqual(expected);
    },
    60_000,
  );

  it('is not missed again by a call that was on its way while one signed in', async () => {
    const page = await world.openSignedIn('/tenants/new');
    await page.getByRole('textbox', { name: 'Tenant', exact: true }).fill('on-its-way');
    await page.context().clearCookies();
    let refused = 0;
    let answer = () => {};
    const signedIn = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/v1/tenants', async (route) => {
      if (route.request().method() !== 'POST' || refused > 0) return route.continue();
      const response = await route.fetch();
      refused = response.status();
      await signedIn;
      await route.fulfill({ response });
    });
    await create(page).dispatchEvent('click');
    await eventually(() => refused === 401);
    await page.getByRole('button', { name: 'Notifications' }).dispatchEvent('click');
    await over(page).waitFor();
    await signInAgain(page, world.adminKey);
    await over(page).waitFor({ state: 'detached' });
    answer();
    await page.getByRole('heading', { level: 1, name: 'on-its-way' }).waitFor();
    expect(await over(page).count()).toBe(0);
  }, 60_000);
});

describe('an API that is killed', () => {
  it('is missed, found again without a click, and gets what was typed meanwhile', async () => {
    const { product } = world;
    const [form, list] = await Promise.all([world.openSignedIn('/settings/webhooks/new'), world.openSignedIn('/webhooks')]);
    await form.getByLabel('Webhook Name').fill('Typed before');
    await list.getByRole('table', { name: 'Webhooks' }).waitFor();
    await product.apiProcess.kill('SIGKILL');

    await form.getByLabel('URL').fill(world.receiver.url('/again'));
    await create(form).click();
    await form.getByText('Not saved').waitFor();
    await Promise.all([form, list].map((page) => page.getByText('Posthorn cannot be reached').first().waitFor()));
    await form.getByLabel('Webhook Name').fill('Typed while it was away');

    again = startPosthorn('api', { ...product.env, PORT: new URL(product.api.url).port });
    await again.ready;
    // Nothing is clicked: both pages find it by themselves, and what they show is read again.
    await product.api.createWebhook({ url: world.receiver.url('/new'), name: 'Made after it' });
    await Promise.all([form, list].map((page) => page.getByText('Posthorn cannot be reached').waitFor({ state: 'detached' })));
    await list
      .getByRole('link', { name: 'Made after it' })
      .or(list.getByRole('button', { name: /^Show 1 new$/ }))
      .waitFor();
    expect(await form.getByLabel('URL').inputValue()).toBe(world.receiver.url('/again'));
    await create(form).click();
    await form.getByText(/^whsec_/).waitFor();
    expect((await get('/v1/webhooks?name=Typed%20while%20it%20was%20away')).data).toHaveLength(1);
  }, 90_000);
});
