import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type MailServer, type MailServerOptions, startMailServer } from './mail-server.js';

let server: MailServer;
afterEach(() => server.stop());

/** Plays a client that says each line once the one before is answered; resolves with the codes of the answers. */
async function speak(options: MailServerOptions, lines: readonly string[]): Promise<readonly number[]> {
  server = await startMailServer(options);
  const socket = connect(server.port, '127.0.0.1');
  const codes: number[] = [];
  for await (const answer of createInterface({ input: socket })) {
    // `250-…` goes on in the next line.
    if (answer[3] === '-') continue;
    codes.push(Number(answer.slice(0, 3)));
    const next = lines[codes.length - 1];
    if (next === undefined) break;
    socket.write(`${next}\r\n`);
  }
  socket.destroy();
  return codes;
}

const mail = [
  'EHLO client.example',
  'MAIL FROM:<a@x.example>',
  'RCPT TO:<b@y.example>',
  'DATA',
  'From: A <a@x.example>\r\nSubject: =?utf-8?q?=C3=9Cber?=\r\n\r\nHello\r\n.',
];

describe('the mail server', () => {
  it('keeps what it took, parsed, until it is cleared', async () => {
    expect(await speak({}, mail)).toEqual([220, 250, 250, 250, 354, 250]);
    expect(server.mails).toMatchObject([{ from: 'a@x.example', to: ['b@y.example'], parsed: { subject: 'Über', text: 'Hello\n' } }]);
    expect(server.url).toBe(`smtp://127.0.0.1:${server.port}`);
    expect(server.connections()).toBe(1);
    server.clear();
    expect(server.mails).toEqual([]);
  });

  it('answers as it is told, and keeps nothing then', async () => {
    const answer: MailServerOptions['answer'] = ({ to, parsed }) => ({ code: 451, message: `${to[0]} ${parsed.subject}` });
    expect(await speak({ answer }, mail)).toEqual([220, 250, 250, 250, 354, 451]);
    expect(server.mails).toEqual([]);
  });

  it('refuses recipients', async () => {
    const answerRecipient = (address: string) => (address === 'b@y.example' ? { code: 550, message: 'nobody' } : null);
    expect(await speak({ answerRecipient }, mail.slice(0, 3))).toEqual([220, 250, 250, 550]);
  });

  it('knows its senders', async () => {
    const login = { user: 'me', password: 's/e' };
    const plain = (password: string) => `AUTH PLAIN ${Buffer.from(`\0me\0${password}`).toString('base64')}`;
    expect(await speak({ login }, ['EHLO client.example', plain('no'), plain('s/e'), 'MAIL FROM:<a@x.example>'])).toEqual([
      220, 250, 535, 235, 250,
    ]);
    expect(server.url).toBe(`smtp://me:s%2Fe@127.0.0.1:${server.port}`);
  });
});
