// Who is told of a webhook, what was told, and how one gets no more of it, in a browser on the real product.
import { describe, expect, it } from '@jest/globals';
import { unsubscribeToken, uuidv7 } from '@posthorn/core';
import { eventually } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import { readWebhook } from '../system/support/webhooks.js';
import { seriousViolations, wideElements } from './support/browser.js';
import { useConsole } from './support/console.js';
import { untilShown } from './support/views.js';

const hostile = '<img src=x onerror="window.hacked=1">\u202e';
// Nobody listens there: whether mails arrive is not what this is about.
const world = useConsole(({ path }) => ({ status: path === '/broken' ? 500 : 200 }), { SMTP_URL: 'smtp://127.0.0.1:9' });
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true });
const shown = async (id: string) => (await world.product.api.get(`/v1/webhooks/${id}`)).body;

describe('who is told', () => {
  it('is chosen in the form of the webhook, and kept', async () => {
    const { id } = await world.product.api.createWebhook({ url: world.receiver.url('/kept'), name: 'Kept' });
    const page = await world.openSignedIn(`/webhooks/${id}/edit`);
    await button(page, 'More').click();
    const mail = page.getByRole('group', { name: 'Notification by mail' });
    expect(await mail.getByLabel('On failure').isChecked()).toBe(true);
    await mail.getByLabel('E-mail').fill('own@example.com');
    await mail.getByLabel('On failure').press('Space');
    await mail.getByLabel('On success').press('Space');
    await button(page, 'Save').click();
    await page.getByText('E-mails about what was delivered go to').waitFor();
    await page.getByText('own@example.com', { exact: true }).waitFor();
    expect((await shown(id)).notification).toEqual({ email: 'own@example.com', success: true, fail: false });
    await link(page, 'Edit').click();
    await button(page, 'More').click();
    expect(await mail.getByLabel('E-mail').inputValue()).toBe('own@example.com');
    expect([await mail.getByLabel('On failure').isChecked(), await mail.getByLabel('On success').isChecked()]).toEqual([false, true]);
    await mail.getByLabel('On success').press('Space');
    await button(page, 'Save').click();
    await page.getByText('Its e-mails are switched off.').waitFor();
  }, 60_000);

  it('is nobody while there is no address, which is said with what to do, until the tenant has one', async () => {
    const { id } = await world.product.api.createWebhook({ url: world.receiver.url('/told'), name: 'Told', tenant: 'team' });
    const page = await world.openSignedIn(`/webhooks/${id}`);
    const told = page.getByRole('group', { name: 'Who is told' });
    await told.getByText('Nobody is told').waitFor();
    await told.getByText('set POSTHORN_OPERATOR_EMAIL for all').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await told.getByRole('link', { name: 'its tenant' }).click();
    await link(page, 'Edit').click();
    await page.getByLabel('E-mail').fill('team@example.com');
    await button(page, 'Save').click();
    await page.getByRole('cell', { name: 'team@example.com' }).waitFor();
    await page.goto(`${world.product.api.url}/webhooks/${id}`);
    await told.getByText('E-mails about trouble go to team@example.com, the address of its tenant.').waitFor();
    expect(await told.getByText('Nobody is told').count()).toBe(0);
  }, 60_000);
});

describe('the bell', () => {
  it('counts what goes wrong while one looks, until one has looked at it', async () => {
    const { id } = await world.product.api.createWebhook({
      url: world.receiver.url('/broken'),
      name: hostile,
      tenant: 'broken',
      event_types: ['breaks'],
      retry_schedule_s: [3_600],
      circuit_threshold: 1_000,
    });
    const page = await world.openSignedIn('/health');
    await untilShown(page);
    await button(page, 'Notifications').waitFor();
    const rings = button(page, 'Notifications, 1 new');
    // The processes learn within seconds that somebody looks. Five failures in a row are told, and what fails beyond them is the same streak.
    await eventually(
      async () => {
        await world.product.api.publish({ event_type: 'breaks', tenant: 'broken', data: 1 });
        return (await rings.count()) === 1;
      },
      { timeoutMs: 30_000, everyMs: 500 },
    );
    expect((await readWebhook(world.product, id)).circuit_state).toBe('closed');
    expect(await seriousViolations(page)).toEqual([]);
    await rings.click();
    await page
      .getByRole('menuitem')
      .filter({ hasText: hostile })
      .getByText(/^Failing: \d+ failures in a row$/)
      .waitFor();
    await untilShown(page);
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('menuitem', { name: 'All notifications' }).click();
    await page
      .getByRole('row')
      .filter({ hasText: hostile })
      .getByText(/^Failing: \d+ failures in a row$/)
      .waitFor();
    await page.reload();
    await untilShown(page);
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor();
    await button(page, 'Notifications').waitFor();
  }, 90_000);
});

/** As the mailroom leaves it. */
const told = async (id: string, kind: string, outcome: string, mail: { status: 'sent' | 'failed'; error?: string } | null) => {
  const { pool } = world.product;
  const ids = [uuidv7(Date.now(), crypto.getRandomValues(Buffer.alloc(10))), uuidv7(Date.now(), crypto.getRandomValues(Buffer.alloc(10)))];
  if (mail !== null)
    await pool.query(
      `insert into mails (id, environment_id, address, kind, subject, text_body, html_body, status, tries, error, ended_at)
       select $1, environment_id, 'list@example.com', 'trouble', 's', 't', 'h', $3, 1, $4, now() from webhooks where id = $2`,
      [ids[1], id, mail.status, mail.error ?? null],
    );
  await pool.query(
    `insert into notifications (id, environment_id, tenant_id, webhook_id, kind, count, first_at, last_at, details, closed_at, outcome, mail_id)
     select $1, environment_id, tenant_id, id, $3, 2, now(), now(), '{}', now(), $4, $5 from webhooks where id = $2`,
    [ids[0], id, kind, outcome, mail === null ? null : ids[1]],
  );
};

describe('the page of notifications', () => {
  it('says what was told to whom, how the mail stands and why nobody was told, by filters in the address', async () => {
    const { id } = await world.product.api.createWebhook({ url: world.receiver.url('/listed'), name: 'Listed', tenant: 'listed' });
    await told(id, 'delivery_failed', 'mailed', { status: 'sent' });
    await told(id, 'circuit_opened', 'mailed', { status: 'failed', error: `550 ${hostile}` });
    await told(id, 'webhook_disabled', 'no_mail_server', null);
    const page = await world.openSignedIn('/notifications?tenant=listed');
    const row = (text: string) => page.getByRole('row').filter({ hasText: text });
    await row('2 deliveries failed for good').getByText('sent', { exact: true }).waitFor();
    await row('2 deliveries failed for good').getByText('list@example.com').waitFor();
    await row('Circuit opened').getByText(`550 ${hostile}`).waitFor();
    await row('Disabled').getByText('SMTP_URL is not set').waitFor();
    await page.emulateMedia({ colorScheme: 'dark' });
    await untilShown(page);
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('combobox', { name: 'What happened' }).click();
    await page.getByRole('option', { name: 'circuit opened' }).click();
    await row('Disabled').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('kind')).toBe('circuit_opened');
    await page.goto(`${world.product.api.url}/notifications?kind=deliveries_succeeded`);
    await page.getByRole('heading', { name: 'Nothing fits these filters' }).waitFor();
    await page.goto(`${world.product.api.url}/notifications?webhook_id=x`);
    await page.getByRole('alert').getByText('webhook_id must be an id').waitFor();
  }, 60_000);
});

describe('the link in a mail', () => {
  it('switches the e-mails of its webhook off once its button is pressed, without a session', async () => {
    const notification = { email: 'own@example.com', success: true, fail: true };
    const { id } = await world.product.api.createWebhook({ url: world.receiver.url('/left'), name: hostile, tenant: 'left', notification });
    const token = unsubscribeToken(Buffer.from(world.product.env.POSTHORN_ENCRYPTION_KEY ?? '', 'base64'), id);
    const page = await world.open(`/unsubscribe/${token}`, { width: 375, colorScheme: 'dark' });
    await page.getByText(hostile).waitFor();
    expect([...(await seriousViolations(page)), ...(await wideElements(page))]).toEqual([]);
    expect((await shown(id)).notification).toEqual(notification);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'You get no more e-mails' }).waitFor();
    expect((await shown(id)).notification).toEqual({ ...notification, success: false, fail: false });
    expect([...(await seriousViolations(page)), ...(await wideElements(page))]).toEqual([]);
    expect(await link(page, 'switch them on again').getAttribute('href')).toBe(`${world.product.api.url}/webhooks/${id}`);
    const wrongToken = token.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'));
    const wrong = await world.open(`/unsubscribe/${wrongToken}`);
    await wrong.getByRole('heading', { name: 'This link leads nowhere' }).waitFor();
  }, 60_000);
});
