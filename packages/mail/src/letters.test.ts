import { describe, expect, it } from '@jest/globals';
import type { TroubleFact } from '@posthorn/core';
import { writeDigest } from './digest.js';
import type { Digest, DigestOfWebhook, NamedWebhook, Trouble } from './letter.js';
import { writeTrouble } from './trouble.js';

const publicUrl = 'https://hooks.example';
const at = (time: string): Date => new Date(`2026-11-23T${time}.123Z`);

const webhook = (id: string, fields: Partial<NamedWebhook> = {}): NamedWebhook => ({
  id,
  name: `Hook ${id}`,
  url: `https://${id}.example/in`,
  tenant: 'acme',
  unsubscribeUrl: `${publicUrl}/unsubscribe/${id}.sig`,
  ...fields,
});

const fact = (kind: TroubleFact['kind'], details: TroubleFact['details'] = {}, fields: Partial<TroubleFact> = {}): TroubleFact => ({
  kind,
  count: 1,
  firstAt: at('09:00:00'),
  lastAt: at('09:00:00'),
  details,
  ...fields,
});
const opened = fact('circuit_opened', { circuit_failure_count: 10, circuit_retry_at: '2026-11-23T09:00:30.000Z' });
const failing = fact('webhook_failing', { circuit_failure_count: 5, failing_since: '2026-11-23T08:58:00.000Z' });
const lost = fact('delivery_failed', {
  delivery_id: 'e1.w1',
  event_type: 'order.placed',
  attempt: 9,
  reason: 'exhausted',
  status_code: 503,
  error: null,
});
const recoveredAt = (time: string): TroubleFact =>
  fact('webhook_recovered', { failing_since: '2026-11-23T08:58:00.000Z' }, { firstAt: at(time), lastAt: at(time) });
const disabledFor = (reason: string): TroubleFact => fact('webhook_disabled', { disabled_reason: reason });

const trouble = (facts: readonly TroubleFact[], fields: Partial<Trouble> = {}): Trouble => ({
  environment: 'live',
  publicUrl,
  webhooks: [{ webhook: webhook('w1'), facts }],
  more: 0,
  ...fields,
});
const subjectOf = (...facts: TroubleFact[]): string => writeTrouble(trouble(facts)).subject;
const textOf = (...facts: TroubleFact[]): string => writeTrouble(trouble(facts)).text;

describe('a mail about one webhook', () => {
  it('says what happened, what comes next, and where to look', () => {
    const { subject, text, html, headers } = writeTrouble(trouble([opened]));
    expect(subject).toBe('Circuit opened: Hook w1');
    expect(text).toBe(
      [
        'Circuit opened: Hook w1',
        '',
        'https://w1.example/in',
        'Tenant acme',
        '',
        'The circuit opened at 2026-11-23 09:00:00Z after 10 failed attempts in a row.',
        'The first probe is due at 2026-11-23 09:00:30Z. Deliveries wait and go out once a probe succeeds. After 120 hours without a success the webhook is disabled.',
        '',
        'Open the webhook: https://hooks.example/webhooks/w1',
        'See the last failure: https://hooks.example/webhooks/w1/last-failure',
        '',
        'No more mails about this webhook: https://hooks.example/unsubscribe/w1.sig',
        '',
        '-- ',
        'Posthorn, environment live',
        'https://hooks.example/',
        '',
      ].join('\n'),
    );
    expect(html).toContain('The circuit opened at 2026-11-23 09:00:00Z after 10 failed attempts in a row.');
    expect(headers).toEqual({
      'List-Unsubscribe': '<https://hooks.example/unsubscribe/w1.sig>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    });
  });

  it('says the most important thing in its subject', () => {
    expect(subjectOf(failing)).toBe('Webhook failing: Hook w1');
    expect(subjectOf(failing, opened, lost)).toBe('Circuit opened: Hook w1');
    expect(subjectOf(lost)).toBe('Delivery failed: Hook w1');
    expect(subjectOf({ ...lost, count: 1_200 })).toBe('1,200 deliveries failed: Hook w1');
    expect(subjectOf(opened, disabledFor('no_success'), recoveredAt('09:01:00'))).toBe('Webhook disabled: Hook w1');
    expect(subjectOf(opened, failing, recoveredAt('09:01:00'))).toBe('Recovered: Hook w1');
    expect(subjectOf(lost, opened, recoveredAt('09:01:00'))).toBe('Delivery failed: Hook w1');
    // Recovered, and then it opened again.
    expect(subjectOf(opened, recoveredAt('08:59:00'))).toBe('Circuit opened: Hook w1');
  });

  it('calls a webhook without a name by its URL, which it does not say twice, and one without either by its id', () => {
    const nameless = (fields: Partial<NamedWebhook>) =>
      writeTrouble(trouble([], { webhooks: [{ webhook: webhook('w1', fields), facts: [opened] }] }));
    for (const name of [null, '', ' \u0000\u202e\u200b']) {
      const { subject, text } = nameless({ name });
      expect(subject).toBe('Circuit opened: https://w1.example/in');
      expect(text.split('https://w1.example/in')).toHaveLength(2);
    }
    expect(nameless({ name: null, url: '\n' }).subject).toBe('Circuit opened: w1');
  });

  it.each([
    ['by_hand', 'It was disabled at 2026-11-23 09:00:00Z by hand.'],
    ['gone', 'It was disabled at 2026-11-23 09:00:00Z because its endpoint said that it is gone (410).'],
    ['no_success', 'It was disabled at 2026-11-23 09:00:00Z because nothing succeeded for 120 hours.'],
    ['constructor', 'It was disabled at 2026-11-23 09:00:00Z for the reason constructor.'],
  ])('says why it was disabled: %s', (reason, sentence) => {
    expect(textOf(disabledFor(reason))).toContain(`${sentence}\nNothing is sent until somebody enables the webhook`);
  });

  it('says what was lost, why, and what came back last', () => {
    expect(textOf(lost)).toContain(
      'A delivery failed for good at 2026-11-23 09:00:00Z.\nIts event was of type order.placed after 9 attempts. Every attempt of the schedule failed. The last answer was 503. It is not tried again by itself. Repair the endpoint',
    );
    expect(textOf(lost)).toContain('The failed delivery: https://hooks.example/deliveries/e1.w1\n');
    expect(textOf(lost)).toContain('All failed deliveries: https://hooks.example/deliveries?webhook_id=w1&status=failed\n');
    const timedOut = fact('delivery_failed', { ...lost.details, attempt: 1, status_code: null, error: 'no answer\nwithin 15 s' });
    expect(textOf({ ...timedOut, count: 3, lastAt: at('09:04:00') })).toMatch(
      /3 deliveries failed for good between 2026-11-23 09:00:00Z and 2026-11-23 09:04:00Z\.\nThe last one was of type order\.placed after 1 attempt\. .* The last error was: no answer within 15 s\. They are/,
    );
  });

  it('says since when it fails, and that it recovered', () => {
    expect(textOf(failing)).toContain(
      'It has had no success since 2026-11-23 08:58:00Z: 5 failed attempts in a row.\nDeliveries are tried again',
    );
    expect(textOf(recoveredAt('09:01:00'))).toContain(
      'It takes deliveries again: the endpoint recovered at 2026-11-23 09:01:00Z after failures since 2026-11-23 08:58:00Z.\nWhat waits goes out now',
    );
  });

  it('counts what happened more than once', () => {
    const often = { count: 3, lastAt: at('09:04:00') };
    expect(textOf({ ...opened, ...often })).toContain(
      'The circuit opened 3 times between 2026-11-23 09:00:00Z and 2026-11-23 09:04:00Z, the last time after 10 failed attempts in a row.',
    );
    expect(textOf({ ...failing, ...often })).toContain('It began to fail 3 times between 2026-11-23 09:00:00Z and 2026-11-23 09:04:00Z.');
  });

  it('says of a circuit with manual recovery who must act', () => {
    expect(textOf(fact('circuit_opened', { circuit_failure_count: 10, circuit_retry_at: null }))).toContain(
      'until somebody resets the circuit',
    );
  });

  it('does not say what would come next after it was overtaken', () => {
    const text = textOf(opened, failing, recoveredAt('09:01:00'));
    expect(text).toContain('What waits goes out now');
    expect(text).not.toContain('probe');
    expect(text.indexOf('recovered at')).toBeLessThan(text.indexOf('The circuit opened'));
  });

  it('does without details', () => {
    for (const kind of [
      'circuit_opened',
      'webhook_failing',
      'webhook_disabled',
      'delivery_failed',
      'deliveries_expiring',
      'deliveries_expired',
      'webhook_recovered',
    ] as const) {
      const details = {
        circuit_failure_count: 'x',
        circuit_retry_at: 7,
        failing_since: 'x',
        attempt: -1,
        status_code: {},
        reason: 'toString',
      };
      for (const text of [textOf(fact(kind)), textOf(fact(kind, details))]) expect(text).not.toMatch(/undefined|null|NaN|Invalid|object/);
    }
  });
});

describe('a mail about what is not kept for ever', () => {
  const expiring = fact('deliveries_expiring', { count: 1_200, within_days: 3, accepted_before: '2026-11-01T00:00:00.000Z' });
  const expired = fact('deliveries_expired', { count: 2 }, { count: 1_500 });

  it('warns of deliveries that wait, and says what helps', () => {
    const { subject, text } = writeTrouble(trouble([expiring]));
    expect(subject).toMatch(/^Deliveries are about to expire: /);
    expect(text).toContain('1,200 deliveries wait whose events are given up within 3 days.');
    expect(text).toContain('Resume the webhook, reset its circuit, or repair its endpoint');
  });

  it('counts those that were given up, and offers nothing that does not help', () => {
    const { subject, text } = writeTrouble(trouble([expired]));
    expect(subject).toMatch(/^1,500 deliveries expired: /);
    expect(text).toContain('1,500 deliveries that still waited were given up');
    expect(text).toContain('POSTHORN_RETENTION_DAYS');
    expect(text).not.toMatch(/[Rr]etry|recover/);
  });
});

describe('a mail about several webhooks', () => {
  const of = (id: string, ...facts: TroubleFact[]) => ({ webhook: webhook(id), facts });
  const write = (webhooks: Trouble['webhooks'], more = 0) => writeTrouble(trouble([], { webhooks, more }));

  it('counts them in its subject', () => {
    expect(write([of('w1', opened), of('w2', lost), of('w3', failing)]).subject).toBe('3 webhooks need attention');
    expect(write([of('w1', opened), of('w2', recoveredAt('09:01:00'))]).subject).toBe('1 webhook needs attention, 1 recovered');
    expect(write([of('w1', recoveredAt('09:01:00')), of('w2', recoveredAt('09:01:00'))]).subject).toBe('2 webhooks recovered');
    expect(write([of('w1', opened)], 9_999).subject).toBe('10,000 webhooks need attention');
  });

  it('tells what needs somebody first, each with its own link that ends its mails, and what comes next once', () => {
    const { text, headers } = write([of('w1', recoveredAt('09:01:00')), of('w2', opened), of('w3', opened)], 7);
    expect(text.indexOf('Hook w2')).toBeLessThan(text.indexOf('Hook w1'));
    for (const id of ['w1', 'w2', 'w3']) expect(text).toContain(`No more mails about this webhook: ${publicUrl}/unsubscribe/${id}.sig`);
    expect(text.split('go out once a probe succeeds')).toHaveLength(2);
    expect(text).toContain('7 more webhooks have something to tell; the console has them all.');
    expect(headers).toEqual({});
  });

  it('has no header that ends the mails of one of them', () => {
    expect(write([of('w1', opened)], 1).headers).toEqual({});
    expect(write([of('w1', opened), of('w2', opened)]).headers).toEqual({});
  });
});

describe('a digest', () => {
  const delivered = (id: string, fields: Partial<DigestOfWebhook> = {}): DigestOfWebhook => ({
    webhook: webhook(id),
    byType: [
      { eventType: 'order.placed', count: 1_000 },
      { eventType: 'order.paid', count: 2 },
    ],
    firstAt: at('09:00:00'),
    lastAt: at('09:04:59'),
    p95Ms: 181.6,
    pending: 3,
    held: 1_200,
    newest: [{ deliveryId: 'e1.w1', eventType: 'order.paid', at: at('09:04:59') }],
    ...fields,
  });
  const write = (webhooks: Digest['webhooks'], more = 0) => writeDigest({ environment: 'test', publicUrl, webhooks, more });

  it('says how many, when, how fast, what waits, and links the newest', () => {
    const { subject, text, headers } = write([delivered('w1')]);
    expect(subject).toBe('1,002 deliveries succeeded: Hook w1');
    expect(text).toContain(
      [
        '1,002 deliveries succeeded between 2026-11-23 09:00:00Z and 2026-11-23 09:04:59Z.',
        '95 % of the attempts took at most 182 ms (p95). Still waiting: 3 pending, 1,200 held.',
        '',
        'order.placed: 1,000',
        'order.paid: 2',
        '',
        'The newest:',
        '- order.paid, 2026-11-23 09:04:59Z',
        '  https://hooks.example/deliveries/e1.w1',
        '',
        'Open the webhook: https://hooks.example/webhooks/w1',
      ].join('\n'),
    );
    expect(text).toContain('environment test');
    expect(headers['List-Unsubscribe']).toBe('<https://hooks.example/unsubscribe/w1.sig>');
  });

  it('does without a p95, and says that nothing waits', () => {
    const { text } = write([delivered('w1', { p95Ms: null, pending: 0, held: 0, newest: [], lastAt: at('09:00:00') })]);
    expect(text).toContain('succeeded at 2026-11-23 09:00:00Z.\nNothing waits.\n');
    expect(text).not.toContain('p95');
  });

  it('is bounded: the most frequent types, the ten newest', () => {
    const byType = Array.from({ length: 500 }, (_, index) => ({ eventType: `type.${index}`, count: 1_000 - index }));
    const newest = Array.from({ length: 50 }, (_, index) => ({ deliveryId: `e${index}.w1`, eventType: 'a', at: at('09:00:00') }));
    const { text } = write([delivered('w1', { byType, newest })]);
    expect(text.match(/^type\./gm)).toHaveLength(20);
    expect(text).toContain(
      `480 other types: ${byType
        .slice(20)
        .reduce((sum, { count }) => sum + count, 0)
        .toLocaleString('en-US')}\n`,
    );
    expect(text.match(/deliveries\/e\d+\.w1/g)).toHaveLength(10);
  });

  it('of several webhooks counts them', () => {
    expect(write([delivered('w1'), delivered('w2')]).subject).toBe('2,004 deliveries to 2 webhooks succeeded');
    const { subject, text, headers } = write([delivered('w1')], 4);
    expect(subject).toBe('Deliveries to 5 webhooks succeeded');
    expect(text).toContain('Deliveries to 4 more webhooks succeeded, too');
    expect(headers).toEqual({});
  });
});
