import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { secretKeyBytes, sign } from '@posthorn/core';
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

  it('ends with 1 and one line for what it does not know', async () => {
    expect(await run('publish', 'a', '--nonsense')).toEqual({ exitCode: 1, out: '', err: "error: unknown option '--nonsense'" });
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
    const { exitCode, err } = await run('publish', 'a', '--url', 'http://127.0.0.1:1/base/', '--key', 'k');
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^error: POST http:\/\/127\.0\.0\.1:1\/base\/v1\/events: nothing listens there \(ECONNREFUSED\)[^\n]*$/);
  });

  it('verifies a request by its parts', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const timestampS = Math.floor(Date.now() / 1000);
    const signature = sign([secretKeyBytes(secret)], 'e1', timestampS, '{}');
    const args = ['verify', '--secret', secret, '--id', 'e1', '--timestamp', String(timestampS), '--signature', signature];
    expect(await run(...args, '--body', '{}')).toEqual({ exitCode: 0, out: 'it verifies (2 bytes)', err: '' });
    const wrong = await run(...args, '--body', '{ }');
    expect(wrong.exitCode).toBe(1);
    expect(wrong.err).toMatch(/^error: it does not verify: signature: /);
  });
});
