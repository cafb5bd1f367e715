import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { secretKeyBytes, sign } from '@posthorn/core';
import { freePort } from '@posthorn/testkit';
import { createProgram, runProgram } from './program.js';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const run = async (...args: readonly string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { print: (text: string) => void out.push(text), warn: (text: string) => void err.push(text) };
  const exitCode = await runProgram(createProgram(terminal), args, terminal);
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
};

describe('the program', () => {
  it('says its version', async () => {
    expect(await run('--version')).toEqual({ exitCode: 0, out: version, err: '' });
  });

  it('lists the commands of this side', async () => {
    const { exitCode, out } = await run('--help');
    expect(exitCode).toBe(0);
    for (const command of ['publish', 'listen', 'verify', 'demo']) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it('ends with 2 and one line for what it does not know', async () => {
    expect(await run('publish', 'a', '--nonsense')).toEqual({ exitCode: 2, out: '', err: "error: unknown option '--nonsense'" });
    expect((await run('publish', 'a', '--count', '0')).err).toMatch(/^error: .* A whole number from 1 to 1000000 is expected\.$/);
  });

  it('ends with 1 and one line when a command fails, and shows where only with --debug', async () => {
    const plain = await run('publish', 'a', '--data', '{');
    expect(plain.exitCode).toBe(1);
    expect(plain.err).toMatch(/^error: --data is not JSON: [^\n]*$/);
    expect((await run('--debug', 'publish', 'a', '--data', '{')).err).toMatch(/\n {4}at /);
    expect((await run('publish', 'a', '--debug', '--data', '{')).err).toMatch(/\n {4}at /);
  });

  it('says where nothing listens', async () => {
    const url = `http://127.0.0.1:${await freePort()}/base`;
    const { exitCode, err } = await run('publish', 'a', '--url', `${url}/`, '--key', 'k');
    expect(exitCode).toBe(69);
    expect(err).toBe(`error: POST ${url}/v1/events: nothing listens there (ECONNREFUSED): start it, or name another address with --url`);
    expect((await run('publish', 'a', '--url', 'nowhere', '--key', 'k')).err).toMatch(/^error: the address of the API must be/);
  });

  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const other = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
  const signed = (secrets: readonly string[] = [secret]) => {
    const timestampS = Math.floor(Date.now() / 1000);
    return { timestamp: String(timestampS), signature: sign(secrets.map(secretKeyBytes), 'e1', timestampS, '{"a":1}') };
  };

  it('verifies a request by its parts, and names the one that is wrong', async () => {
    const { timestamp, signature } = signed();
    const args = ['verify', '--secret', secret, '--id', 'e1', '--timestamp', timestamp, '--signature', signature];
    expect(await run(...args, '--body', '{"a":1}')).toEqual({ exitCode: 0, out: 'it verifies (7 bytes)', err: '' });
    const wrong = await run(...args, '--body', '{"a": 1}');
    expect(wrong.exitCode).toBe(1);
    expect(wrong.err).toMatch(
      /^error: it does not verify: body: it was parsed and written again: the same JSON compact was signed; [^\n]*$/,
    );
    expect((await run('verify', '--secret', secret, '--body', '{}')).err).toMatch(
      /^error: it does not verify: webhook-id: it is missing; besides, webhook-timestamp: [^\n]*$/,
    );
  });

  it('verifies a request by its header lines and several secrets, and says which one fits', async () => {
    const { timestamp, signature } = signed([other, secret]);
    const lines = `POST / HTTP/1.1\r\nWebhook-Id: e1\r\nWebhook-Timestamp: ${timestamp}\r\nWebhook-Signature: ${signature}\r\n`;
    const args = ['--headers', lines, '--body', '{"a":1}'];
    expect((await run('verify', '--secret', 'plain-and-old-secret', '--secret', secret, ...args)).out).toBe(
      'it verifies with secret 2 of 2 (…LaSw) by signature 2 of 2: a rotation is under way, and this secret will end (7 bytes)',
    );
    expect((await run('verify', '--secret', other, ...args)).out).toMatch(/^it verifies by signature 1 of 2: this is the new secret/);
    expect((await run('verify', '--secret', secret, ...args, '--id', 'e2')).err).toMatch(/webhook-signature: another secret, id/);
  });
});
