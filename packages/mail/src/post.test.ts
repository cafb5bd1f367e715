// Against real mail servers on loopback ports.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort, type MailServer, type MailServerOptions, type RawScript, startMailServer, startRawServer } from '@posthorn/testkit';
import { readMailServer } from './mail-server.js';
import { createPost, type Mail, type Post, type PostLimits } from './post.js';
import { writeTrouble } from './trouble.js';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const start = async (options: MailServerOptions = {}): Promise<MailServer> => {
  const server = await startMailServer(options);
  undo.push(() => server.stop());
  return server;
};
const startRaw = async (script: RawScript): Promise<string> => {
  const server = await startRawServer({ script });
  undo.push(() => server.stop());
  return `smtp://127.0.0.1:${server.port}`;
};
const open = (smtpUrl: string, limits?: Partial<PostLimits>, from = 'Posthorn <posthorn@hooks.example>'): Post => {
  const post = createPost({ smtpUrl, from, ...(limits === undefined ? {} : { limits }) });
  undo.push(() => post.close());
  return post;
};

const at = new Date('2026-11-23T09:00:00Z');
const letterOf = (name: string) =>
  writeTrouble({
    environment: 'live',
    publicUrl: 'https://hooks.example',
    more: 0,
    webhooks: [
      {
        webhook: {
          id: 'w1',
          name,
          url: 'https://a.example',
          tenant: 'acme',
          unsubscribeUrl: `https://hooks.example/unsubscribe/${'w'.repeat(69)}`,
        },
        facts: [{ kind: 'circuit_opened', count: 1, firstAt: at, lastAt: at, details: { circuit_failure_count: 10 } }],
      },
    ],
  });
const id = '019f2c1e-7d3a-7100-8000-000000000001';
const mailOf = (fields: Partial<Mail> = {}): Mail => ({ id, address: 'owner@acme.example', ...letterOf('Warehouse'), ...fields });

describe('a mail', () => {
  it('arrives as it was written', async () => {
    const server = await start();
    const letter = letterOf('Größe <b>注文</b> 🧑‍🚀 & a rather long name that fills its line');
    expect(await open(server.url).send(mailOf(letter))).toEqual({ kind: 'sent' });
    expect(server.mails).toHaveLength(1);
    const [{ from, to, parsed }] = server.mails as [MailServer['mails'][number]];
    expect({ from, to }).toEqual({ from: 'posthorn@hooks.example', to: ['owner@acme.example'] });
    expect(parsed).toMatchObject({ subject: letter.subject, messageId: `<${id}@posthorn.hooks.example>` });
    expect(parsed.text?.trimEnd()).toBe(letter.text.trimEnd());
    expect(typeof parsed.html === 'string' && parsed.html.trimEnd()).toBe(letter.html.trimEnd());
    expect(parsed.from?.value).toEqual([{ name: 'Posthorn', address: 'posthorn@hooks.example' }]);
    expect(parsed.to).toMatchObject({ value: [{ name: '', address: 'owner@acme.example' }] });
    expect(parsed.headers.get('auto-submitted')).toBe('auto-generated');
    const lineOf = (key: string) => parsed.headerLines.find((header) => header.key === key)?.line.replace(/\r\n /g, ' ');
    expect(lineOf('list-unsubscribe')).toBe(`List-Unsubscribe: <https://hooks.example/unsubscribe/${'w'.repeat(69)}>`);
    expect(lineOf('list-unsubscribe-post')).toBe('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
    expect(parsed.attachments).toEqual([]);
  });

  it('has no header but ours, whatever its words are', async () => {
    const server = await start();
    const post = open(server.url);
    await post.send(mailOf());
    const hostile = 'x\r\nBcc: victim@x.example\r\n\r\n<script>';
    // As if the letter had not made it plain.
    await post.send(
      mailOf({ subject: hostile, headers: { 'List-Unsubscribe': `<https://a.example>${hostile}`, 'List-Unsubscribe-Post': hostile } }),
    );
    const keysOf = ({ parsed }: MailServer['mails'][number]) => parsed.headerLines.map(({ key }) => key).sort();
    expect(server.mails.map(keysOf)[1]).toEqual(server.mails.map(keysOf)[0]);
    expect(server.mails.map(({ to }) => to)).toEqual([['owner@acme.example'], ['owner@acme.example']]);
  });

  it('reads no file and calls no URL, whatever it is made of', async () => {
    const server = await start();
    const post = open(server.url);
    const own = new URL(import.meta.url).pathname;
    expect(readFileSync(own, 'utf8')).toContain('a mail');
    const sneaky = { path: own } as unknown as string;
    for (const fields of [{ html: sneaky }, { text: sneaky }, { text: { href: `http://127.0.0.1:${server.port}` } as unknown as string }])
      expect(await post.send(mailOf(fields))).toMatchObject({ kind: expect.stringMatching('later|refused') });
    expect(server.mails).toEqual([]);
  });

  it('goes to one address, or to none', async () => {
    const server = await start();
    const post = open(server.url);
    for (const address of [
      'a@x.example, b@y.example',
      'A <a@x.example>',
      'a@x.example\r\nRCPT TO:<b@y.example>',
      '',
      'a',
      `${'a'.repeat(300)}@x.example`,
    ])
      expect(await post.send(mailOf({ address }))).toEqual({ kind: 'refused', error: 'the address is none' });
    expect(server.connections()).toBe(0);
    expect(await post.send(mailOf({ address: "o'neill+hooks@x.example" }))).toEqual({ kind: 'sent' });
    expect(server.mails.map(({ to }) => to)).toEqual([["o'neill+hooks@x.example"]]);
  });

  it('shares its connection with the next ones', async () => {
    const server = await start();
    const post = open(server.url, { connectionsMax: 1 });
    expect(await Promise.all([1, 2, 3].map((n) => post.send(mailOf({ id: `${id}${n}` }))))).toEqual(Array(3).fill({ kind: 'sent' }));
    expect(server.connections()).toBe(1);
    expect(server.mails.map(({ parsed }) => parsed.messageId)).toEqual([1, 2, 3].map((n) => `<${id}${n}@posthorn.hooks.example>`));
  });
});

describe('a mail server', () => {
  it.each([550, 553])('that does not know the recipient (%i) refuses', async (code) => {
    const server = await start({ answerRecipient: () => ({ code, message: '5.1.1 no such\u0007 user' }) });
    expect(await open(server.url).send(mailOf())).toEqual({ kind: 'refused', error: `${code} 5.1.1 no such user` });
  });

  it('that does not want the mail refuses, in words that are bounded', async () => {
    const server = await start({ answer: () => ({ code: 554, message: `5.7.1 spam ${'x'.repeat(400)}` }) });
    const sent = await open(server.url, { errorCharsMax: 20 }).send(mailOf());
    expect(sent).toEqual({ kind: 'refused', error: '554 5.7.1 spam xxxx…' });
    expect(server.mails).toEqual([]);
  });

  it('that has a 4xx for the recipient or the mail gets it later', async () => {
    const greylisting = await start({ answerRecipient: () => ({ code: 451, message: 'come back' }) });
    expect(await open(greylisting.url).send(mailOf())).toEqual({ kind: 'later', error: '451 come back' });
    let full = true;
    const server = await start({ answer: () => (full ? { code: 452, message: 'full' } : null) });
    const post = open(server.url);
    expect(await post.send(mailOf())).toEqual({ kind: 'later', error: '452 full' });
    full = false;
    expect(await post.send(mailOf())).toEqual({ kind: 'sent' });
  });

  it('that does not let us in gets it later, as somebody may put that right', async () => {
    const login = { user: 'me', password: 'p@ss/wörd' };
    const server = await start({ login });
    expect(await open(server.url).send(mailOf())).toEqual({ kind: 'sent' });
    const wrong = await open(server.url.replace('me:', 'you:')).send(mailOf());
    expect(wrong).toEqual({ kind: 'later', error: '535 Who are you?' });
    expect(await open(`smtp://127.0.0.1:${server.port}`).send(mailOf())).toMatchObject({ kind: 'later' });
    const closed = await startRaw([{ send: '554 no SMTP service here\r\n' }, 'end']);
    expect(await open(closed).send(mailOf())).toMatchObject({ kind: 'later', error: expect.stringContaining('no SMTP service here') });
  });

  it('that is not there gets it later', async () => {
    const post = open(`smtp://127.0.0.1:${await freePort()}`);
    expect(await post.send(mailOf())).toMatchObject({ kind: 'later', error: expect.stringContaining('ECONNREFUSED') });
  });

  it.each<[string, RawScript]>([
    ['at once', ['end']],
    [
      'with the mail in its hands',
      [...['220', '250', '250', '250', '354'].flatMap((code) => [{ send: `${code} go on\r\n` }, 'bytes'] as const), 'end'],
    ],
  ])('that hangs up %s is asked once, and gets it later', async (_, script) => {
    const server = await startRawServer({ script });
    undo.push(() => server.stop());
    expect(await open(`smtp://127.0.0.1:${server.port}`).send(mailOf())).toMatchObject({ kind: 'later' });
    expect(server.connections()).toBe(1);
  });

  it('that comes back gets it', async () => {
    const server = await startMailServer();
    const post = open(server.url);
    expect(await post.send(mailOf())).toEqual({ kind: 'sent' });
    await server.stop();
    expect(await post.send(mailOf())).toMatchObject({ kind: 'later' });
    const again = await start({ port: server.port });
    expect(await post.send(mailOf())).toEqual({ kind: 'sent' });
    expect(again.mails).toHaveLength(1);
  });
});

describe('a mail server that hangs', () => {
  it.each<[string, RawScript]>([
    ['before it greets', ['hold']],
    ['after it greeted', [{ send: '220 here\r\n' }, 'bytes', 'hold']],
  ])('%s gets it later', async (_, script) => {
    const url = await startRaw(script);
    expect(await open(url, { greetingMs: 50, idleMs: 50 }).send(mailOf())).toMatchObject({
      kind: 'later',
      error: expect.stringMatching(/time/i),
    });
  });

  it('with the whole mail in its hands gets it later', async () => {
    const server = await start({ answer: () => new Promise<null>(() => {}) });
    expect(await open(server.url, { idleMs: 100 }).send(mailOf())).toMatchObject({ kind: 'later' });
  });

  it('and says a little all the time gets it later, too', async () => {
    const url = await startRaw([{ forever: '220-still thinking\r\n', everyMs: 5 }]);
    const sent = await open(url, { greetingMs: 10_000, idleMs: 10_000, sendMs: 100 }).send(mailOf());
    expect(sent).toEqual({ kind: 'later', error: 'no answer within 100 ms' });
  });

  it('is left when the post is closed', async () => {
    let arrived = () => {};
    const inHand = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await start({
      answer: () => {
        arrived();
        return new Promise<null>(() => {});
      },
    });
    const post = open(server.url);
    const sending = post.send(mailOf());
    await inHand;
    post.close();
    expect(await sending).toMatchObject({ kind: 'later' });
    expect(await post.send(mailOf())).toMatchObject({ kind: 'later' });
  });
});

describe('an SMTP_URL', () => {
  it('that is none is an error, which does not say what it was', () => {
    for (const smtpUrl of ['', 'mail.example', 'http://me:hunter2@mail.example', 'smtp://', 'smtp://me:hunter2%@mail.example'])
      expect(() => createPost({ smtpUrl, from: 'a@x.example' })).toThrow(
        expect.objectContaining({ name: 'TypeError', message: expect.not.stringContaining('hunter2') }),
      );
  });

  it('says host, port, login and TLS, and can change nothing else', () => {
    expect(readMailServer('smtps://me:p%40ss@[::1]:2465?tls.rejectUnauthorized=false&tls.servername=mail.example&name=here')).toEqual({
      host: '::1',
      port: 2465,
      secure: true,
      auth: { user: 'me', pass: 'p@ss' },
      requireTLS: false,
      ignoreTLS: false,
      tls: { rejectUnauthorized: false, servername: 'mail.example' },
      name: 'here',
    });
    expect(readMailServer('smtp://mail.example?requireTLS=true&pool=false&disableFileAccess=false&sendmail=true&logger=true')).toEqual({
      host: 'mail.example',
      port: undefined,
      secure: false,
      auth: undefined,
      requireTLS: true,
      ignoreTLS: false,
      tls: { rejectUnauthorized: true },
      name: undefined,
    });
  });
});

describe('trying a mail server out', () => {
  it('connects and logs in, and sends nothing', async () => {
    const server = await start({ login: { user: 'me', password: 'right' } });
    expect(await open(server.url).tryOut()).toBeNull();
    expect(server.connections()).toBe(1);
    expect(server.mails).toEqual([]);
  });

  it('says what went wrong', async () => {
    const server = await start({ login: { user: 'me', password: 'right' } });
    expect(await open(server.url.replace('right', 'wrong')).tryOut()).toContain('Who are you?');
    expect(await open(`smtp://127.0.0.1:${await freePort()}`).tryOut()).toContain('ECONNREFUSED');
  });

  it('ends with a server that says nothing', async () => {
    const url = await startRaw(() => []);
    expect(await open(url, { sendMs: 200 }).tryOut()).toContain('no answer within 200 ms');
  });
});
