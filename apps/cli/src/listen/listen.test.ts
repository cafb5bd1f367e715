import { describe, expect, it } from '@jest/globals';
import { deliveryHeaders, secretKeyBytes, sign } from '@posthorn/core';
import fc from 'fast-check';
import { indentJson } from './json-lines.js';
import { startListener } from './listener.js';
import { createSecretBook, fixedSecrets, lookUpEveryMs, type SecretBook } from './secret-book.js';
import type { KnownSecret } from './signature-verdict.js';
import { pointsTo } from './webhook-secrets.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const nowMs = 1_700_000_000_000;

const start = async (options: { secrets?: SecretBook; exitAfter?: number; path?: string; status?: number } = {}) => {
  const out: string[] = [];
  const err: string[] = [];
  const listener = await startListener({
    port: 0,
    path: options.path ?? null,
    status: options.status ?? 200,
    exitAfter: options.exitAfter ?? 1,
    secrets: options.secrets ?? fixedSecrets([{ webhook: null, secret }]),
    terminal: { print: (text) => void out.push(text), warn: (text) => void err.push(text) },
    now: () => nowMs,
  });
  return { listener, out, err, url: `http://127.0.0.1:${listener.port}` };
};

/** A delivery as Posthorn sends it, signed by hand. */
const deliver = async (url: string, body: string, signedWith = secret, attempt = 1): Promise<number> => {
  const timestampS = nowMs / 1000;
  const flat = deliveryHeaders({
    eventId: 'e1',
    timestampS,
    signature: sign([secretKeyBytes(signedWith)], 'e1', timestampS, body),
    eventType: 'order.placed',
    deliveryId: 'd1',
    attempt,
    contentType: 'application/json',
    userAgent: 'test',
  });
  const headers = Object.fromEntries(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]!]] : [])));
  return (await fetch(url, { method: 'POST', headers, body })).status;
};

describe('listen', () => {
  it('prints what arrived, indented, and that its signature is right', async () => {
    const { listener, out, url } = await start();
    expect(await deliver(url, '{"n":12345678901234567890,"list":[]}', secret, 3)).toBe(200);
    await listener.finished;
    await listener.stop();
    expect(out).toEqual([
      [
        '22:13:20.000  order.placed  e1  attempt 3  36 bytes  answered 200',
        '  signature ok',
        '  {',
        '    "n": 12345678901234567890,',
        '    "list": []',
        '  }',
      ].join('\n'),
    ]);
  });

  it('says that a signature is wrong, and why', async () => {
    const { listener, out, url } = await start({ exitAfter: 2 });
    await deliver(url, '{}', 'another secret, sixteen characters');
    await fetch(url, { method: 'POST', body: '{}' });
    await listener.finished;
    await listener.stop();
    expect(out[0]).toContain('\n  SIGNATURE WRONG: webhook-signature: another secret, id, timestamp or body was signed');
    expect(out[1]).toContain('\n  SIGNATURE WRONG: webhook-id: it is missing; besides');
  });

  it('says that it checks nothing without a secret', async () => {
    const { listener, out, url } = await start({ secrets: fixedSecrets([]) });
    await deliver(url, '{}');
    await listener.finished;
    await listener.stop();
    expect(out[0]).toContain('\n  signature not checked: no secret\n');
  });

  it('asks again when a webhook is unknown, and names it', async () => {
    const loaded: KnownSecret[][] = [[{ webhook: 'old', secret: 'an older secret' }], [{ webhook: 'Work orders', secret }]];
    let clockMs = nowMs - 400;
    const secrets = createSecretBook({
      load: async () => loaded.shift() ?? [],
      now: () => clockMs,
      wait: async (ms) => {
        clockMs += ms;
      },
      failed: () => undefined,
    });
    await secrets.learn(clockMs);
    clockMs = nowMs;
    const { listener, out, url } = await start({ secrets });
    await deliver(url, '{}');
    await listener.finished;
    await listener.stop();
    expect(out[0]).toContain('\n  signature ok (webhook Work orders)\n');
    expect(loaded).toEqual([]);
  });

  it('answers the status it is told, and 404 beside its path', async () => {
    const { listener, out, err, url } = await start({ status: 500, path: '/hooks' });
    expect(await deliver(`${url}/elsewhere`, '{}')).toBe(404);
    expect(await deliver(`${url}/hooks?x=1`, '{}')).toBe(500);
    await listener.finished;
    await listener.stop();
    expect(err).toEqual(['POST /elsewhere: answered 404, only /hooks is listened to']);
    expect(out.length).toBe(1);
  });

  it('lets no request write control characters to the terminal', async () => {
    const { listener, out, url } = await start();
    await deliver(url, 'not JSON \u001b[2J');
    await listener.finished;
    await listener.stop();
    expect(out[0]).toContain('  not JSON \\u001b[2J');
  });

  it('says that a port is taken', async () => {
    const { listener } = await start();
    const terminal = { print: () => undefined, warn: () => undefined };
    const options = { path: null, status: 200, exitAfter: null, secrets: fixedSecrets([]), terminal, now: () => nowMs };
    await expect(startListener({ ...options, port: listener.port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${listener.port}: the port is taken`,
    );
    await listener.stop();
  });
});

describe('the book of secrets', () => {
  const book = (load: () => Promise<readonly KnownSecret[]>) => {
    const clock = { nowMs: 0, waitsMs: [] as number[], failures: 0, loads: 0 };
    const secrets = createSecretBook({
      load: () => {
        clock.loads++;
        return load();
      },
      now: () => clock.nowMs,
      wait: async (ms) => {
        clock.waitsMs.push(ms);
        clock.nowMs += ms;
      },
      failed: () => {
        clock.failures++;
      },
    });
    return { secrets, clock };
  };

  it('asks at most once a second, once for all that wait', async () => {
    const { secrets, clock } = book(async () => [{ webhook: 'a', secret }]);
    await secrets.learn(0);
    clock.nowMs = 400;
    await Promise.all([secrets.learn(300), secrets.learn(350), secrets.learn(400)]);
    expect(clock.loads).toBe(2);
    expect(clock.waitsMs).toEqual([lookUpEveryMs - 400]);
  });

  it('does not ask for a request that is older than the last answer', async () => {
    const { secrets, clock } = book(async () => []);
    clock.nowMs = 5_000;
    await secrets.learn(5_000);
    await secrets.learn(4_000);
    expect(clock.loads).toBe(1);
  });

  it('keeps what it knows when asking fails', async () => {
    const answers = [Promise.resolve([{ webhook: 'a', secret }])];
    const { secrets, clock } = book(() => answers.shift() ?? Promise.reject(new Error('no')));
    await secrets.learn(0);
    clock.nowMs = 2_000;
    expect(await secrets.learn(2_000)).toEqual([{ webhook: 'a', secret }]);
    expect(clock.failures).toBe(1);
  });
});

describe('webhooks that point to a port', () => {
  it.each([
    ['http://127.0.0.1:4000/x', true],
    ['http://localhost:4000', true],
    ['http://[::1]:4000/', true],
    ['http://127.0.0.1:4001/', false],
    ['https://example.com:4000/', false],
    ['http://localhost.example.com:4000/', false],
    ['no url', false],
  ])('%s: %s', (url, expected) => {
    expect(pointsTo(url, 4000)).toBe(expected);
  });
});

describe('indented JSON', () => {
  it('is the same JSON, token by token', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.stringify(JSON.parse(indentJson(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('has the shape that JSON.stringify gives', () => {
    const value = { a: [], b: {}, c: [1, { d: 'x, {y}: "z" \\' }], e: null };
    expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
  });
});
