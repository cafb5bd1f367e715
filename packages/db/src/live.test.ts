import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import fc from 'fast-check';
import { createWorld, type World } from '../tests/world.js';
import { createLiveTeller, keepLive, type LiveMessage, type LiveTeller, packMessages } from './live.js';
import { type LiveListener, startLiveListener } from './live-listener.js';

const message = (facts: object): LiveMessage => ({ kind: 'attempt', environment_id: 'e', tenant_id: null, ...facts });

describe('messages', () => {
  it('are packed in order into payloads that a NOTIFY can carry, and nothing is lost between the packed and the left', () => {
    const messages = fc.array(
      fc.string({ maxLength: 9_000, unit: 'binary' }).map((text) => message({ text })),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(messages, (given) => {
        const { payloads, left } = packMessages(given);
        for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000);
        const packed = payloads.flatMap((payload) => JSON.parse(payload) as LiveMessage[]);
        // One that fits into no payload is left out.
        const fitting = given.filter((each) => Buffer.byteLength(JSON.stringify(each)) < 7_890);
        expect([...packed, ...left.filter((each) => fitting.includes(each))]).toEqual(fitting);
      }),
    );
  });
});

describe('telling', () => {
  let world: World;
  let teller: LiveTeller;
  let listener: LiveListener | undefined;
  const heard: LiveMessage[] = [];
  let gaps = 0;
  beforeAll(async () => {
    world = await createWorld();
    teller = createLiveTeller(world.pool, () => undefined);
    teller.start();
  });
  afterAll(async () => {
    teller.stop();
    await listener?.stop();
    await world.drop();
  });

  it('happens only while somebody looks, and goes on when the connection was lost', async () => {
    listener = startLiveListener({
      url: world.url,
      onMessages: (messages) => heard.push(...messages),
      onGap: () => {
        gaps += 1;
      },
      onError: () => undefined,
    });
    const listens = () =>
      eventually(
        async () =>
          (await world.rows(`select from pg_stat_activity where datname = current_database() and query like 'listen %'`)).length > 0,
      );
    await listens();
    teller.tell(message({ n: 0 }));
    await keepLive(world.pool);
    await eventually(() => teller.isLive());
    teller.tell(message({ n: 1 }));
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([message({ n: 1 })]);
    await world.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %' and pid <> pg_backend_pid()`,
    );
    await eventually(() => gaps > 0);
    teller.tell(message({ n: 2 }));
    await eventually(() => heard.length > 1);
    expect([heard.at(-1), gaps]).toEqual([message({ n: 2 }), 1]);
  }, 30_000);

  it('keeps bursts for the next turns, and counts what is too much', async () => {
    await keepLive(world.pool);
    heard.length = 0;
    for (let n = 0; n < 1_200; n++) teller.tell(message({ n, padding: 'x'.repeat(100) }));
    await eventually(
      () => heard.some(({ kind }) => kind === 'dropped') && heard.filter(({ kind }) => kind === 'attempt').length === 1_000,
      {
        timeoutMs: 10_000,
      },
    );
    expect(heard.filter(({ kind }) => kind === 'dropped')).toEqual([{ kind: 'dropped', environment_id: 'e', tenant_id: null, count: 200 }]);
    expect(heard.filter(({ kind }) => kind === 'attempt').map(({ n }) => n)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  }, 30_000);
});
