import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createResolver } from './resolver.js';

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

type Answer = { readonly rcode?: number; readonly a?: readonly string[]; readonly aaaa?: readonly string[]; readonly isSilent?: boolean };

/** A DNS server (RFC 1035) that answers every question alike and counts them. */
async function dnsServer(answer: Answer) {
  const socket = createSocket('udp4');
  open.push(socket);
  let questions = 0;
  socket.on('message', (query: Buffer, { port, address }: RemoteInfo) => {
    questions += 1;
    if (!answer.isSilent) socket.send(reply(query, answer), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { servers: [`127.0.0.1:${socket.address().port}`], questions: () => questions };
}

function reply(query: Buffer, { rcode = 0, a = [], aaaa = [] }: Answer): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const isV6 = query.readUInt16BE(questionEnd - 4) === 28;
  const records = (isV6 ? aaaa : a).map((text) => {
    const bytes = isV6 ? Buffer.from(text.split(':').join(''), 'hex') : Buffer.from(text.split('.').map(Number));
    return Buffer.concat([Buffer.from([0xc0, 12, 0, isV6 ? 28 : 1, 0, 1, 0, 0, 0, 0, 0, bytes.length]), bytes]);
  });
  const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80 | rcode, 0, 1, 0, records.length, 0, 0, 0, 0]);
  return Buffer.concat([head, query.subarray(12, questionEnd), ...records]);
}

const v6 = '2606:4700:0000:0000:0000:0000:0000:1111';

describe('the resolver', () => {
  it('answers with the addresses of both families', async () => {
    const { servers } = await dnsServer({ a: ['93.184.216.34', '127.0.0.1'], aaaa: [v6] });
    expect(await createResolver({ servers })('a.example')).toEqual(['93.184.216.34', '127.0.0.1', '2606:4700::1111']);
  });

  it('asks once for questions at the same time, and again after the time to live', async () => {
    const { servers, questions } = await dnsServer({ a: ['93.184.216.34'] });
    let nowMs = 0;
    const resolve = createResolver({ servers, ttlMs: 5_000, nowMs: () => nowMs });
    await Promise.all([resolve('a.example'), resolve('a.example'), resolve('a.example')]);
    nowMs = 4_999;
    await resolve('a.example');
    expect(questions()).toBe(2);
    nowMs = 5_001;
    await resolve('a.example');
    expect(questions()).toBe(4);
    await resolve('b.example');
    expect(questions()).toBe(6);
  });

  it.each([
    [{ rcode: 3 }, 'ENOTFOUND'],
    [{ rcode: 2 }, 'ESERVFAIL'],
    [{ rcode: 5 }, 'EREFUSED'],
    [{}, 'ENODATA'],
  ])('rejects on %j with %s and does not keep that', async (answer, code) => {
    const { servers, questions } = await dnsServer(answer);
    const resolve = createResolver({ servers, budgetMs: 500 });
    await expect(resolve('a.example')).rejects.toMatchObject({ code });
    const asked = questions();
    await expect(resolve('a.example')).rejects.toMatchObject({ code });
    expect(questions()).toBeGreaterThan(asked);
  });

  it('gives up on a silent server within the budget', async () => {
    const { servers } = await dnsServer({ isSilent: true });
    const startedAt = performance.now();
    await expect(createResolver({ servers, budgetMs: 300 })('a.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(performance.now() - startedAt).toBeLessThan(600);
  });

  it('takes names of this machine from its own table', async () => {
    const addresses = await createResolver()('localhost');
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(['127.0.0.1', '::1']).toContain(address);
  });
});
