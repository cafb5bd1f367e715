// The receivers that docs/receiving.md shows, each run by its interpreter against requests that the product would send. One whose interpreter is
// not installed here is named and left out; Node, bash and openssl are always there.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { envelope, secretKeyBytes, sign } from '@posthorn/core';
import { eventually, freePort, makeTemporaryDirectory } from '@posthorn/testkit';

const folder = fileURLToPath(new URL('../docs/receiving', import.meta.url));
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA+/';
const plainSecret = 'a-plain-secret:$"\'!%';
const otherSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
// Written again by any of the languages it would be another text.
const data = String.raw`{ "n":12345678901234567890,"f":1.0, "é":"\/<ü>\u0000","a":1,"a":2}`;
const body = envelope({ eventTimeMs: 0, eventType: 'order.placed', currentContext: null, data });

type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body: string };
type Answer = { readonly isTaken: boolean };
type Running = { send(sent: Sent): Promise<Answer>; output(): string; stop(): Promise<void> };
type Language = {
  readonly file: string;
  /** Undefined: it is not installed. */
  readonly start: ((secret: string) => Promise<Running>) | undefined;
  readonly isDeduplicating: boolean;
};

const signed = (change: { id?: string; by?: readonly string[]; ageS?: number } = {}): Sent => {
  const { id = crypto.randomUUID(), by = [secret], ageS = 0 } = change;
  const timestampS = Math.floor(Date.now() / 1_000) - ageS;
  const signature = sign(by.map(secretKeyBytes), id, timestampS, body);
  return { headers: { 'webhook-id': id, 'webhook-timestamp': String(timestampS), 'webhook-signature': signature }, body };
};
const withHeader = (name: string, value: string, from = signed()): Sent => ({ ...from, headers: { ...from.headers, [name]: value } });

const isThere = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** A server that says on which port it listens. */
const startServer = async (command: string, args: readonly string[], env: Record<string, string>, ready: RegExp): Promise<Running> => {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const port = await eventually(() => ready.exec(output)?.[1] ?? false, { timeoutMs: 20_000 });
    return {
      output: () => output,
      stop,
      send: async (sent) => {
        const { status } = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: sent.headers, body: sent.body });
        if (status !== 204 && status !== 401) throw new Error(`${command} answered ${status}: ${output}`);
        return { isTaken: status === 204 };
      },
    };
  } catch (error) {
    await stop();
    throw new Error(`${command} ${args.join(' ')} was not ready: ${output}`, { cause: error });
  }
};

const listening = /listening on (\d+)/;
const server = (command: string, args: readonly string[]) => (given: string) =>
  startServer(command, args, { WEBHOOK_SECRET: given, PORT: '0' }, listening);
const node = (file: string) => server(process.execPath, [file]);

const php = async (given: string): Promise<Running> => {
  const address = `127.0.0.1:${await freePort()}`;
  return startServer('php', ['-S', address, 'verify.php'], { WEBHOOK_SECRET: given }, /127\.0\.0\.1:(\d+)\) started/);
};

/** One run a request: it answers by its exit code. */
const bash = async (given: string): Promise<Running> => {
  let output = '';
  return {
    output: () => output,
    stop: async () => undefined,
    send: async ({ headers, body: input }) => {
      const { status, stdout, stderr } = spawnSync('bash', ['verify.sh'], {
        cwd: folder,
        input,
        encoding: 'utf8',
        env: {
          ...process.env,
          WEBHOOK_SECRET: given,
          WEBHOOK_ID: headers['webhook-id'] ?? '',
          WEBHOOK_TIMESTAMP: headers['webhook-timestamp'] ?? '',
          WEBHOOK_SIGNATURE: headers['webhook-signature'] ?? '',
        },
      });
      if (status === 0) output += `handled ${headers['webhook-id']} ${JSON.parse(input).event_type}\n`;
      if (!/^(ok|refused: .*)\n$/.test(stdout + stderr)) throw new Error(`verify.sh ended with ${status}: ${stdout}${stderr}`);
      return { isTaken: status === 0 };
    },
  };
};

const goBinary = async (temporary: string): Promise<string> => {
  const binary = join(temporary, 'receiver');
  const env = { ...process.env, GO111MODULE: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '' };
  const built = spawnSync('go', ['build', '-o', binary, 'verify.go'], { cwd: folder, env, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`verify.go does not compile: ${built.stderr}`);
  return binary;
};

const hasGo = isThere('go', 'version');
let temporary: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
let goReceiver = '';
beforeAll(async () => {
  temporary = await makeTemporaryDirectory('receiving');
  if (hasGo) goReceiver = await goBinary(temporary.path);
}, 120_000);
afterAll(() => temporary.cleanup());

const languages: readonly Language[] = [
  { file: 'verify.mjs', start: node('verify.mjs'), isDeduplicating: true },
  { file: 'verify-client.mjs', start: node('verify-client.mjs'), isDeduplicating: false },
  { file: 'verify-standardwebhooks.mjs', start: node('verify-standardwebhooks.mjs'), isDeduplicating: false },
  { file: 'verify.py', start: isThere('python3', '--version') ? server('python3', ['verify.py']) : undefined, isDeduplicating: true },
  { file: 'verify.go', start: hasGo ? (given) => server(goReceiver, [])(given) : undefined, isDeduplicating: true },
  { file: 'verify.php', start: isThere('php', '--version') ? php : undefined, isDeduplicating: false },
  { file: 'verify.sh', start: isThere('openssl', 'version') ? bash : undefined, isDeduplicating: false },
];
const missing = languages.filter(({ start }) => start === undefined).map(({ file }) => file);
if (missing.length > 0) process.stderr.write(`not run, since what runs them is not installed: ${missing.join(', ')}\n`);

it('runs at least those whose interpreters the product needs anyway', () => {
  expect(missing.filter((file) => file.endsWith('.mjs') || file.endsWith('.sh'))).toEqual([]);
});

describe.each(languages.filter(({ start }) => start !== undefined))('$file', ({ start, isDeduplicating }) => {
  let running: Running;
  beforeAll(async () => {
    running = await start!(secret);
  }, 60_000);
  afterAll(() => running?.stop());

  it('takes what the product sends, and handles it', async () => {
    const sent = signed();
    expect(await running.send(sent)).toEqual({ isTaken: true });
    await eventually(() => running.output().includes(`handled ${sent.headers['webhook-id']} order.placed`));
  });

  it('takes either of two signatures while a secret is rotated', async () => {
    expect(await running.send(signed({ by: [otherSecret, secret] }))).toEqual({ isTaken: true });
    expect(await running.send(signed({ by: [secret, otherSecret] }))).toEqual({ isTaken: true });
  });

  it('takes it with a secret that is plain text', async () => {
    const plain = await start!(plainSecret);
    try {
      expect(await plain.send(signed({ by: [plainSecret] }))).toEqual({ isTaken: true });
      expect(await plain.send(signed())).toEqual({ isTaken: false });
    } finally {
      await plain.stop();
    }
  }, 60_000);

  it.each<[string, () => Sent]>([
    ['a byte of the body is another', () => ({ ...signed(), body: body.replace('1.0', '1.1') })],
    ['the body was written again', () => ({ ...signed(), body: JSON.stringify(JSON.parse(body)) })],
    ['it has a line break more', () => ({ ...signed(), body: `${body}\n` })],
    ['it is old', () => signed({ ageS: 310 })],
    ['it is from the future', () => signed({ ageS: -310 })],
    [
      'an old one got a new timestamp',
      () => withHeader('webhook-timestamp', signed().headers['webhook-timestamp']!, signed({ ageS: 310 })),
    ],
    ['the timestamp is no number', () => withHeader('webhook-timestamp', 'now')],
    ['it has another id', () => withHeader('webhook-id', 'other')],
    ['another secret signed it', () => signed({ by: [otherSecret] })],
    ['it has no signature', () => withHeader('webhook-signature', '')],
    [
      'it has a signature of another version',
      () => withHeader('webhook-signature', signed().headers['webhook-signature']!.replace('v1', 'v1a')),
    ],
    ['it is not signed at all', () => ({ headers: {}, body })],
  ])('refuses it if %s', async (_what, make) => {
    const sent = make();
    expect(await running.send(sent)).toEqual({ isTaken: false });
    expect(running.output()).not.toContain(`handled ${sent.headers['webhook-id']}`);
  });

  const whatItHandles = isDeduplicating ? 'answers a duplicate like the first, and handles it once' : 'answers a duplicate like the first';
  it(whatItHandles, async () => {
    const sent = signed();
    expect(await running.send(sent)).toEqual({ isTaken: true });
    expect(await running.send(sent)).toEqual({ isTaken: true });
    const last = signed();
    await running.send(last);
    await eventually(() => running.output().includes(`handled ${last.headers['webhook-id']}`));
    expect(running.output().split(`handled ${sent.headers['webhook-id']}`)).toHaveLength(isDeduplicating ? 2 : 3);
  });
});

it('shows exactly these files on the page', () => {
  const page = readFileSync(join(folder, '..', 'receiving.md'), 'utf8');
  const shown = [...page.matchAll(/^\[`([^`]+)`\]\(receiving\/\1\)[^\n]*\n\n```\w+\n(.*?)^```$/gms)].map(([, file, code]) => [file, code]);
  expect(shown).toEqual(languages.map(({ file }) => [file, readFileSync(join(folder, file), 'utf8')]));
});
