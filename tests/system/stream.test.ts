// What happens in the workers is told to those who look at an API, and the statistics of the same equal a recount once they are settled.
import { expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { useProductAndReceiver } from './support/product.js';
import { readTallies, recount } from './support/truth.js';

const world = useProductAndReceiver();

it('tells of events and attempts of every process, each once, until nobody looks', async () => {
  const { api, env, pool } = world.product;
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${env.POSTHORN_BOOTSTRAP_KEY}` };
  const answer = await fetch(`${api.url}/v1/stream`, { headers, signal: stop.signal });
  let text = '';
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of answer.body ?? []) text += decoder.decode(bytes, { stream: true });
  })().catch(() => undefined);
  const told = (kind: string): readonly string[] =>
    text
      .split('\n\n')
      .slice(0, -1)
      .map(
        (block) => new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])),
      )
      .filter((message) => message.get('event') === kind)
      .map((message) => JSON.parse(message.get('data') ?? '{}').event_id);

  await api.createWebhook({ url: world.receiver.url('/live') });
  // The processes learn within seconds that somebody looks.
  await eventually(
    async () => {
      const id = await api.publish({ event_type: 'a', data: 1 });
      await eventually(() => world.receiver.received.some((one) => one.headers['webhook-id'] === id));
      return told('event').length > 0 && told('attempt').length > 0;
    },
    { timeoutMs: 20_000 },
  );
  const ids = await api.publishBatch(Array.from({ length: 200 }, (_, index) => ({ event_type: 'a', data: index })));
  for (const kind of ['event', 'attempt']) {
    await eventually(() => ids.every((id) => told(kind).includes(id)), { timeoutMs: 20_000 });
    expect(new Set(told(kind)).size).toBe(told(kind).length);
  }
  stop.abort();
  await reading;
  await eventually(async () => (await readTallies(pool)).every(({ created, succeeded }) => created === succeeded), { timeoutMs: 20_000 });
  expect(await readTallies(pool)).toEqual(await recount(pool));
}, 60_000);
