// Somebody is told: real workers mail to a real mail server what became of webhooks, each thing once, however many workers there are and whatever they or the
// server go through. A process that dies between sending a mail and marking it is the one exception: that mail comes again, as the same.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  eventually,
  type MailAnswer,
  type MailServer,
  type ReceivedMail,
  type Receiver,
  startMailServer,
  startReceiver,
} from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { call } from './support/webhooks.js';

let server: MailServer;
let receiver: Receiver;
let product: Product;
let answer: (mail: ReceivedMail) => MailAnswer | Promise<MailAnswer> = () => null;
/** Paths whose endpoint answers with 500. */
const broken = new Set<string>();

beforeAll(async () => {
  server = await startMailServer({ answer: (mail) => answer(mail), answerRecipient: refuseUnknown });
  receiver = await startReceiver({ answer: ({ path }) => ({ status: broken.has(path) ? 500 : 200 }) });
  const env = { SMTP_URL: server.url, POSTHORN_NOTIFICATION_WINDOW_S: '1', POSTHORN_PUBLIC_URL: 'https://hooks.example.com' };
  product = await startProduct({ workers: 2, env });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await receiver?.stop();
  await server?.stop();
}, 60_000);
beforeEach(() => {
  answer = () => null;
});

const refuseUnknown = (address: string): MailAnswer => (address.startsWith('nobody') ? { code: 550, message: 'No such user here' } : null);

/** A webhook with an address and an event type of its own, both of its name. */
const webhook = async (name: string, fields: Readonly<Record<string, unknown>> = {}): Promise<string> => {
  const email = `${name}@example.com`;
  const { id } = await product.api.createWebhook({
    ...{
      name,
      url: receiver.url(`/${name}`),
      event_types: [name],
      retry_schedule_s: [3_600],
      notification: { email, success: false, fail: true },
    },
    ...fields,
  });
  return id;
};
const publish = (name: string, count = 1) =>
  product.api.publishBatch(Array.from({ length: count }, (_, n) => ({ event_type: name, data: n })));
const mailsTo = (name: string): readonly ReceivedMail[] => server.mails.filter(({ to }) => to.includes(`${name}@example.com`));
const subjectsTo = (name: string) => mailsTo(name).map(({ parsed }) => parsed.subject);
const slow = { timeoutMs: 20_000 };
const untilMailed = (name: string, count = 1) => eventually(() => mailsTo(name).length >= count, slow);

type MailRow = { readonly status: string; readonly tries: number; readonly error: string | null; readonly leased: boolean };
const rowsOf = async (name: string): Promise<readonly MailRow[]> =>
  (
    await product.pool.query<MailRow>(
      'select status, tries, error, lease_until > now() as leased from mails where address = $1 order by created_at',
      [`${name}@example.com`],
    )
  ).rows;
/** Resolves when nothing is to be told and no mail waits. */
const untilTold = () =>
  eventually(async () => {
    const sql = `select (select count(*) from notifications where closed_at is null) + (select count(*) from mails where status = 'waiting') as n`;
    return (await product.pool.query<{ n: number }>(sql)).rows[0]?.n === 0;
  }, slow);
/** The injected clock: what waits for another try, or for its lease to run out, is due. */
const hurry = (name: string) =>
  product.pool.query(`update mails set due_at = now(), lease_until = null where address = $1 and status = 'waiting'`, [
    `${name}@example.com`,
  ]);
const lose = async (name: string): Promise<void> => {
  broken.add(`/${name}`);
  await webhook(name, { retry_schedule_s: [] });
  await publish(name);
};

describe('two workers', () => {
  it('mail each kind once', async () => {
    for (const path of ['/failing', '/opened', '/lost']) broken.add(path);
    await webhook('failing');
    await webhook('opened', { circuit_threshold: 2 });
    await webhook('lost', { retry_schedule_s: [] });
    const disabled = await webhook('disabled');
    const mute = await webhook('mute', { notification: { email: 'mute@example.com', success: false, fail: false } });
    await webhook('glad', { notification: { email: 'glad@example.com', success: true, fail: true } });
    await Promise.all([publish('failing', 5), publish('opened', 2), publish('lost'), publish('glad', 7)]);
    for (const id of [disabled, mute]) await call(product, 'POST', `/v1/webhooks/${id}/disable`);
    for (const name of ['failing', 'opened', 'lost', 'disabled', 'glad']) await untilMailed(name);
    broken.delete('/failing');
    await publish('failing');
    await untilMailed('failing', 2);
    await untilTold();
    expect(subjectsTo('failing')).toEqual([expect.stringContaining('Webhook failing'), expect.stringContaining('Recovered')]);
    expect(subjectsTo('opened')).toEqual([expect.stringContaining('Circuit opened')]);
    expect(subjectsTo('lost')).toEqual([expect.stringContaining('Delivery failed')]);
    expect(subjectsTo('disabled')).toEqual([expect.stringContaining('Webhook disabled')]);
    expect(subjectsTo('mute')).toEqual([]);
    const [digest, ...more] = mailsTo('glad');
    // What came after the first digest is in the next one.
    expect(digest!.parsed.text).toContain('glad');
    const delivered = await product.pool.query(
      `select sum(n.count)::int as count from notifications n join mails m on m.id = n.mail_id where m.address = 'glad@example.com' and m.status = 'sent'`,
    );
    expect(delivered.rows).toEqual([{ count: 7 }]);
    expect(more.length).toBeLessThan(3);
    const ids = server.mails.map(({ parsed }) => parsed.messageId);
    expect(new Set(ids).size).toBe(ids.length);
    // One-click as mail clients want it, and the console.
    const lost = mailsTo('lost')[0]!.parsed;
    expect(lost.text).toContain('https://hooks.example.com/');
    expect(lost.headers.get('list')).toMatchObject({
      unsubscribe: { url: expect.stringMatching(/^https:\/\/hooks\.example\.com\/unsubscribe\/./) },
    });
    expect(lost.headerLines.find(({ key }) => key === 'list-unsubscribe-post')?.line).toMatch(/: List-Unsubscribe=One-Click$/);
    const notes = await product.pool.query(`select outcome from notifications where webhook_id = $1`, [mute]);
    expect(notes.rows).toEqual([{ outcome: 'switched_off' }]);
  }, 60_000);

  it('record what the server refuses, and try it no more', async () => {
    await lose('nobody');
    await eventually(async () => (await rowsOf('nobody'))[0]?.status === 'failed', slow);
    await lose('after-nobody');
    await untilMailed('after-nobody');
    expect(await rowsOf('nobody')).toMatchObject([{ status: 'failed', tries: 1, error: expect.stringContaining('No such user here') }]);
    expect(mailsTo('nobody')).toEqual([]);
  }, 60_000);

  it('keep mails while the server is away, and send them once it is back', async () => {
    const { port } = server;
    await server.stop();
    await Promise.all(['away-a', 'away-b'].map(lose));
    const waits = async (name: string): Promise<boolean> => {
      const [row] = await rowsOf(name);
      return row !== undefined && row.status === 'waiting' && row.tries >= 1 && !row.leased && row.error !== null;
    };
    for (const name of ['away-a', 'away-b']) await eventually(() => waits(name), slow);
    server = await startMailServer({ port, answer: (mail) => answer(mail), answerRecipient: refuseUnknown });
    for (const name of ['away-a', 'away-b']) await hurry(name);
    for (const name of ['away-a', 'away-b']) await untilMailed(name);
    await untilTold();
    for (const name of ['away-a', 'away-b']) {
      expect(mailsTo(name)).toHaveLength(1);
      expect(await rowsOf(name)).toMatchObject([{ status: 'sent', tries: 2, error: null }]);
    }
  }, 60_000);

  it('try again what the server puts off', async () => {
    let busy = true;
    answer = ({ to }) => (busy && to.includes('busy@example.com') ? { code: 451, message: 'Come back later' } : null);
    await lose('busy');
    await eventually(async () => (await rowsOf('busy'))[0]?.error?.includes('Come back later') === true, slow);
    busy = false;
    await hurry('busy');
    await untilMailed('busy');
    await untilTold();
    expect(await rowsOf('busy')).toMatchObject([{ status: 'sent', tries: 2 }]);
  }, 60_000);
});

describe('a worker that is killed', () => {
  /** Kills all workers while the server has a whole mail and has not answered; what it answers then reaches nobody. */
  const killWhileSending = async (name: string, then: MailAnswer): Promise<void> => {
    let asked = false;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    answer = async ({ to }) => {
      if (!to.includes(`${name}@example.com`)) return null;
      asked = true;
      await released;
      return then;
    };
    await lose(name);
    await eventually(() => asked, slow);
    await Promise.all(product.workers.map((worker) => worker.kill('SIGKILL')));
    release();
    if (then === null) await untilMailed(name);
    answer = () => null;
    expect(await rowsOf(name)).toMatchObject([{ status: 'waiting', tries: 1, leased: true }]);
    await Promise.all([product.startWorker(), product.startWorker()]);
  };

  it('before the server took its mail: it is sent once, when the lease has run out', async () => {
    await killWhileSending('killed', { code: 451, message: 'Never heard' });
    await lose('after-killed');
    await untilMailed('after-killed');
    // Others were sent meanwhile, and it was not: it is leased.
    expect(mailsTo('killed')).toEqual([]);
    await hurry('killed');
    await untilMailed('killed');
    await untilTold();
    expect(mailsTo('killed')).toHaveLength(1);
    expect(await rowsOf('killed')).toMatchObject([{ status: 'sent', tries: 2 }]);
  }, 90_000);

  it('between sending and marking: its mail comes again, as the same', async () => {
    await killWhileSending('twice', null);
    await hurry('twice');
    await untilMailed('twice', 2);
    await untilTold();
    const ids = mailsTo('twice').map(({ parsed }) => parsed.messageId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(await rowsOf('twice')).toMatchObject([{ status: 'sent', tries: 2 }]);
  }, 90_000);

  it('among many mails: only those that it had in its hands may come again', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `many-${n}`);
    await Promise.all(names.map(lose));
    await eventually(() => names.some((name) => mailsTo(name).length > 0), slow);
    await product.workers.at(-1)!.kill('SIGKILL');
    const inHands = new Set(
      (
        await product.pool.query<{ address: string }>(
          `select address from mails where status = 'waiting' and tries > 0 and lease_until is not null`,
        )
      ).rows.map(({ address }) => address),
    );
    // What the dead one was delivering is delivered anew, and told; of its mails it told, or left, nothing more.
    await eventually(
      async () => {
        for (const name of names) {
          const [row] = await rowsOf(name);
          const isLeft = row?.status === 'waiting' && inHands.has(`${name}@example.com`);
          if (row?.status !== 'sent' && !isLeft) return false;
        }
        return true;
      },
      { timeoutMs: 45_000, everyMs: 250 },
    );
    for (const name of names) await hurry(name);
    await untilTold();
    for (const name of names) {
      const mails = mailsTo(name);
      expect(new Set(mails.map(({ parsed }) => parsed.messageId)).size).toBe(1);
      if (!inHands.has(`${name}@example.com`)) expect(mails).toHaveLength(1);
      expect(await rowsOf(name)).toMatchObject([{ status: 'sent' }]);
    }
  }, 90_000);
});
