// The demo itself: one webhook to a receiver of its own, events published 32 at a time, then waiting until all have arrived and for
// two quiet seconds more, in which duplicates would show. It deletes nothing: the webhook and its deliveries can be looked at.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, jsonText } from '@posthorn/client';
import { runInFlight } from '../in-flight.js';
import type { ExampleEvent } from './examples.js';
import { createLedger, type DemoSummary, type Ledger } from './ledger.js';
import { startDemoReceiver } from './receiver.js';

const publishInFlightMax = 32;
const lookEveryMs = 50;
const quietMs = 2_000;
/** With nothing arriving for so long, the rest is missing. */
const stalledMs = 30_000;

export type DemoOptions = {
  readonly api: Client;
  readonly events: readonly ExampleEvent[];
  readonly signal: AbortSignal;
  /** Told how many events have arrived, many times a second. */
  readonly progress: (delivered: number) => void;
};

/** Rejects if the webhook or an event is refused, or when `signal` is aborted; what does not arrive shows in the summary. */
export async function runDemo({ api, events, signal, progress }: DemoOptions): Promise<DemoSummary> {
  const ledger = createLedger();
  let lastReceiptMs = performance.now();
  const receiver = await startDemoReceiver(
    (receipt) => {
      lastReceiptMs = receipt.atMs;
      ledger.received(receipt);
      progress(ledger.deliveredCount());
    },
    () => performance.now(),
  );
  try {
    const suffix = randomBytes(4).toString('hex');
    const tenant = `demo-${suffix}`;
    receiver.useSecret(await createWebhook(api, { name: `demo ${suffix}`, tenant, url: receiver.url, eventTypes: eventTypesOf(events) }));
    await publishAll({ api, events, tenant, ledger, signal });
    lastReceiptMs = Math.max(lastReceiptMs, performance.now());
    await arrival(
      () => lastReceiptMs,
      () => ledger.deliveredCount() === events.length,
      signal,
    );
    progress(ledger.deliveredCount());
    return ledger.summary();
  } finally {
    await receiver.stop();
  }
}

/** `count` events: the examples over and over. */
export function repeatEvents(examples: readonly ExampleEvent[], count: number): readonly ExampleEvent[] {
  return Array.from({ length: count }, (_, index) => examples[index % examples.length]!);
}

function eventTypesOf(events: readonly ExampleEvent[]): readonly string[] {
  return [...new Set(events.map(({ eventType }) => eventType))];
}

/** Returns the secret. */
async function createWebhook(
  api: Client,
  webhook: { readonly name: string; readonly tenant: string; readonly url: string; readonly eventTypes: readonly string[] },
): Promise<string> {
  const { name, tenant, url, eventTypes } = webhook;
  const { data } = await api.POST('/v1/webhooks', { body: { name, tenant, url, event_types: eventTypes } });
  return data.secret;
}

async function publishAll(work: {
  readonly api: Client;
  readonly events: readonly ExampleEvent[];
  readonly tenant: string;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
}): Promise<void> {
  await runInFlight(work.events.length, publishInFlightMax, async (index) => {
    work.signal.throwIfAborted();
    const event = work.events[index]!;
    const publication = { event_type: event.eventType, tenant: work.tenant, data: jsonText(event.data) };
    const startedMs = performance.now();
    work.ledger.published((await work.api.publish(publication)).id, event, startedMs);
  });
}

/** Resolves when all have arrived and it has been quiet since, or when nothing more comes. */
async function arrival(lastReceiptMs: () => number, isComplete: () => boolean, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const silentMs = performance.now() - lastReceiptMs();
    if (silentMs >= (isComplete() ? quietMs : stalledMs)) return;
    await delay(lookEveryMs);
  }
}
