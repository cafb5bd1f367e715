import { describe, expect, it } from '@jest/globals';
import { envelope, secretKeyBytes, sign } from '@posthorn/core';
import { envelopeFault } from './envelope-check.js';
import { eventTypeOf, loadExamples } from './examples.js';
import { summariseLatencies } from './latency-summary.js';
import { createLedger, type Receipt } from './ledger.js';
import { startDemoReceiver } from './receiver.js';
import { repeatEvents } from './run-demo.js';
import { failureOf, summaryLines } from './summary-lines.js';

const event = { eventType: 'check_run.completed', data: '{"a": 1.0, "ü":"\\u00fc"}' };
const bodyOf = (data = event.data) =>
  Buffer.from(envelope({ eventTimeMs: 1_700_000_000_000, eventType: event.eventType, currentContext: null, data }));
const receipt = (change: Partial<Receipt> = {}): Receipt => ({ id: 'e1', body: bodyOf(), signatureFault: null, atMs: 25, ...change });

describe('the examples', () => {
  it('are 329, named by event and action', () => {
    const examples = loadExamples();
    expect(examples.length).toBe(329);
    expect(examples.map(({ eventType }) => eventType)).toContain('check_run.completed');
    expect(eventTypeOf('push', undefined)).toBe('push');
    expect(() => eventTypeOf('push', 'not a name')).toThrow('no event type');
  });

  it('are repeated in their order', () => {
    const examples = loadExamples();
    const events = repeatEvents(examples, 330);
    expect(events.length).toBe(330);
    expect(events[329]).toBe(examples[0]);
  });
});

describe('the check of an envelope', () => {
  it('passes what the product makes of every example', () => {
    for (const { eventType, data } of loadExamples()) {
      const body = envelope({ eventTimeMs: 0, eventType, currentContext: null, data });
      expect(envelopeFault(Buffer.from(body), { eventType, data })).toBeNull();
    }
  });

  it.each([
    [
      'a key too many',
      '{"event_time":"2025-01-01T00:00:00.000Z","event_type":"a","current_context":null,"data":{},"x":1}',
      /^the keys are/,
    ],
    ['another order', '{"event_type":"a","event_time":"2025-01-01T00:00:00.000Z","current_context":null,"data":{}}', /^the keys are/],
    ['a time that is none', '{"event_time":"yesterday","event_type":"a","current_context":null,"data":{}}', /^event_time is/],
    ['another type', '{"event_time":"2025-01-01T00:00:00.000Z","event_type":"b","current_context":null,"data":{}}', /^event_type is/],
    ['a context', '{"event_time":"2025-01-01T00:00:00.000Z","event_type":"a","current_context":{},"data":{}}', /^current_context is/],
    ['data written again', '{"event_time":"2025-01-01T00:00:00.000Z","event_type":"a","current_context":null,"data":{ }}', /^data is not/],
    ['no JSON', 'hello', /^the body is no JSON object/],
  ])('finds %s', (_what, body, fault) => {
    expect(envelopeFault(Buffer.from(body), { eventType: 'a', data: '{}' })).toMatch(fault);
  });

  it('compares bytes, so that a character that only looks alike is found', () => {
    const published = { eventType: event.eventType, data: '"�"' };
    const marker = bodyOf('"?"');
    const invalid = Buffer.from(marker);
    invalid[marker.lastIndexOf('?')] = 0xff;
    expect(envelopeFault(invalid, published)).toMatch(/^data is not what was published/);
  });
});

describe('the ledger', () => {
  it('counts an event that arrives before its publication is answered', () => {
    const ledger = createLedger();
    ledger.received(receipt());
    expect(ledger.deliveredCount()).toBe(0);
    ledger.published('e1', event, 5);
    expect(ledger.deliveredCount()).toBe(1);
    expect(ledger.summary()).toMatchObject({ published: 1, delivered: 1, verified: 1, duplicates: 0, strangers: 0, eventsPerS: 50 });
    expect(ledger.summary().latency?.p50Ms).toBeCloseTo(20, 1);
  });

  it('tells missing, duplicate, strange and wrong ones apart', () => {
    const ledger = createLedger();
    for (const id of ['e1', 'e2', 'e3']) ledger.published(id, event, 0);
    ledger.received(receipt());
    ledger.received(receipt({ atMs: 90 }));
    ledger.received(receipt({ id: 'e2', signatureFault: 'signature: no match' }));
    ledger.received(receipt({ id: 'unknown' }));
    const summary = ledger.summary();
    expect(summary).toMatchObject({ published: 3, delivered: 2, verified: 1, duplicates: 1, strangers: 1 });
    expect(summary.faults).toEqual(['check_run.completed e2: signature: no match']);
    expect(failureOf(summary, 3)).toBe('1 missing, 1 not verified');
    expect(summaryLines(summary)).toContain('strangers   1 (arrived, but not published here)');
  });

  it('counts a wrong duplicate against its event', () => {
    const ledger = createLedger();
    ledger.published('e1', event, 0);
    ledger.received(receipt());
    ledger.received(receipt({ body: bodyOf('{}') }));
    expect(ledger.summary()).toMatchObject({ delivered: 1, verified: 0, duplicates: 1 });
  });

  it('is content with duplicates, and with nothing when all is missing', () => {
    const ledger = createLedger();
    expect(summaryLines(ledger.summary())).toContain('publish to receipt  nothing arrived');
    ledger.published('e1', event, 0);
    ledger.received(receipt());
    ledger.received(receipt());
    expect(failureOf(ledger.summary(), 1)).toBeNull();
  });
});

describe('the summary of latencies', () => {
  it('gives the median and the 99th percentile to three digits', () => {
    const latencies = Array.from({ length: 1000 }, (_, index) => (index + 1) / 10);
    const summary = summariseLatencies(latencies)!;
    expect(Math.abs(summary.p50Ms - 50)).toBeLessThan(0.06);
    expect(Math.abs(summary.p99Ms - 99)).toBeLessThan(0.11);
    expect(summariseLatencies([])).toBeNull();
  });
});

describe('the receiver', () => {
  it('verifies with standardwebhooks what core has signed', async () => {
    const receipts: Receipt[] = [];
    const receiver = await startDemoReceiver(
      (one) => receipts.push(one),
      () => 7,
    );
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    receiver.useSecret(secret);
    const body = bodyOf();
    const timestampS = Math.floor(Date.now() / 1000);
    const send = (signature: string) =>
      fetch(receiver.url, {
        method: 'POST',
        body,
        headers: { 'webhook-id': 'e1', 'webhook-timestamp': String(timestampS), 'webhook-signature': signature },
      });
    try {
      expect((await send(sign([secretKeyBytes(secret)], 'e1', timestampS, body.toString()))).status).toBe(200);
      expect((await send(sign([Buffer.from('another')], 'e1', timestampS, body.toString()))).status).toBe(200);
    } finally {
      await receiver.stop();
    }
    expect(receipts.map(({ id, atMs, signatureFault }) => ({ id, atMs, signatureFault }))).toEqual([
      { id: 'e1', atMs: 7, signatureFault: null },
      { id: 'e1', atMs: 7, signatureFault: 'signature: No matching signature found' },
    ]);
    expect(receipts[0]!.body.equals(body)).toBe(true);
  });
});
