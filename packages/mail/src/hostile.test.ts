// Whatever webhooks, tenants, event types and endpoints say, a mail is ours: one line a header, and HTML in which their words are text.
import { describe, expect, it } from '@jest/globals';
import type { Letter, TroubleFact } from '@posthorn/core';
import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import { writeDigest } from './digest.js';
import type { Digest, NamedWebhook, Trouble } from './letter.js';
import { linkOf, plain, textCharsMax } from './plain.js';
import { writeTrouble } from './trouble.js';

const nasty = [
  'A\r\nBcc: victim@x.example',
  'A\nSubject: another',
  '"><img src=x onerror=alert(1)>',
  '</title></style><script>alert(1)</script>',
  '<!-- ',
  "' style='position:fixed",
  '&lt;b&gt; &amp;amp; &#60;',
  '\u202egpj.exe\u202c',
  '\u2066\u2067\u2069\u200e\u061c',
  '\u2028\u2029\u0085\u000b\u0000\u001b[31m\u007f',
  '\ud800 lone',
  '=?utf-8?q?=0D=0ABcc:_x?=',
  'x'.repeat(100_000),
  '🧑‍🚀'.repeat(5_000),
  'javascript:alert(1)',
  'https://x.example/"><script>?a=\'<b>&c#`',
  'https://x.example/\r\nBcc: a',
  '',
  ' ',
];
const anyText = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme' }));
const anyTime = fc.date({ noInvalidDate: true, min: new Date('2020-01-01'), max: new Date('2120-01-01') });
const anyValue = fc.oneof(anyText, fc.integer(), fc.constant(null), fc.boolean(), fc.object({ maxDepth: 1 }));

const anyWebhook: fc.Arbitrary<NamedWebhook> = fc.record({
  id: fc.oneof(fc.uuid(), anyText),
  name: fc.option(anyText),
  url: anyText,
  tenant: anyText,
  unsubscribeUrl: fc.oneof(anyText, fc.constant('https://hooks.example/unsubscribe/t')),
});
const anyFact: fc.Arbitrary<TroubleFact> = fc.record({
  kind: fc.constantFrom(
    'webhook_failing',
    'webhook_recovered',
    'circuit_opened',
    'webhook_disabled',
    'delivery_failed',
    'deliveries_expiring',
    'deliveries_expired',
  ),
  count: fc.integer({ min: 1, max: 1_000_000 }),
  firstAt: anyTime,
  lastAt: anyTime,
  details: fc.record(
    Object.fromEntries(
      [
        'circuit_failure_count',
        'circuit_retry_at',
        'failing_since',
        'disabled_reason',
        'delivery_id',
        'event_type',
        'attempt',
        'reason',
        'status_code',
        'error',
      ].map((key) => [key, anyValue]),
    ),
    { requiredKeys: [] },
  ),
});
const frame = {
  environment: anyText,
  publicUrl: fc.oneof(anyText, fc.constant('https://hooks.example')),
  more: fc.nat(20_000),
};
const anyTrouble: fc.Arbitrary<Trouble> = fc.record({
  ...frame,
  webhooks: fc.array(fc.record({ webhook: anyWebhook, facts: fc.array(anyFact, { maxLength: 5 }) }), { minLength: 1, maxLength: 3 }),
});
const anyDigest: fc.Arbitrary<Digest> = fc.record({
  ...frame,
  webhooks: fc.array(
    fc.record({
      webhook: anyWebhook,
      byType: fc.array(fc.record({ eventType: anyText, count: fc.nat() }), { maxLength: 25 }),
      firstAt: anyTime,
      lastAt: anyTime,
      p95Ms: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
      pending: fc.nat(),
      held: fc.nat(),
      newest: fc.array(fc.record({ deliveryId: anyText, eventType: anyText, at: anyTime }), { maxLength: 12 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

const ourElements: ReadonlySet<string> = new Set('html head meta title style body table tr td h1 h2 p div span strong a br'.split(' '));
const ourAttributes: ReadonlySet<string> = new Set(
  'lang charset name content class role width cellpadding cellspacing border style align href'.split(' '),
);
const forbidden = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;

type Seen = {
  readonly elements: readonly string[];
  readonly text: string;
  readonly links: readonly string[];
  readonly faults: readonly string[];
};

/** What a mail program would make of it. */
const see = (html: string): Seen => {
  const [elements, links, faults]: string[][] = [[], [], []];
  let text = '';
  const parser = new Parser({
    onopentag: (name, attributes) => {
      elements!.push(name);
      if (!ourElements.has(name)) faults!.push(`<${name}>`);
      for (const [attribute, value] of Object.entries(attributes)) {
        if (!ourAttributes.has(attribute)) faults!.push(`${name} ${attribute}=`);
        if (attribute === 'href') links!.push(value);
        if (attribute === 'style' && /url|expression|fixed|[<>]/i.test(value)) faults!.push(`style ${value}`);
      }
    },
    ontext: (piece) => {
      text += piece;
    },
    oncomment: () => faults!.push('a comment'),
  });
  parser.end(html);
  return { elements: elements!, links: links!, faults: faults!, text };
};

const check = ({ subject, text, html, headers }: Letter): Seen => {
  expect(subject).toMatch(/\S/);
  for (const line of [subject, ...Object.entries(headers).flat()]) expect(line).not.toMatch(forbidden);
  expect(Array.from(subject).length).toBeLessThan(textCharsMax.name + 60);
  for (const line of text.split('\n')) expect(line).not.toMatch(forbidden);
  for (const value of Object.values(headers)) expect(value).toMatch(/^[\x21-\x7e]+$/);
  const seen = see(html);
  expect(seen.faults).toEqual([]);
  for (const link of seen.links) expect(link).toMatch(/^https?:\/\/[^\s<>"']+$/);
  expect(html.replaceAll('\n', '')).not.toMatch(forbidden);
  // Three webhooks with everything in them: so 50 stay far below the 10 MB that mail servers take.
  expect(html.length).toBeLessThan(100_000);
  return seen;
};

const wordsOf = ({ name, tenant }: NamedWebhook): readonly string[] => [
  plain(name ?? '', textCharsMax.name),
  plain(tenant, textCharsMax.tenant),
];
const squeezed = (text: string): string => text.replace(/\s+/g, ' ');

describe('a mail whose words are hostile', () => {
  it('is ours, when it tells of trouble', () => {
    fc.assert(
      fc.property(anyTrouble, (trouble) => {
        const letter = writeTrouble(trouble);
        const seen = check(letter);
        for (const words of trouble.webhooks.flatMap(({ webhook }) => wordsOf(webhook))) {
          expect(squeezed(seen.text)).toContain(words);
          expect(letter.text).toContain(words);
        }
      }),
    );
  });

  it('is ours, when it is a digest', () => {
    fc.assert(
      fc.property(anyDigest, (digest) => {
        const seen = check(writeDigest(digest));
        for (const words of digest.webhooks.flatMap(({ webhook }) => wordsOf(webhook))) expect(squeezed(seen.text)).toContain(words);
      }),
    );
  });

  it('has the elements of one whose words are tame', () => {
    const at = new Date('2026-11-23T09:00:00Z');
    const write = (words: string): Letter =>
      writeTrouble({
        environment: words,
        publicUrl: 'https://hooks.example',
        more: 0,
        webhooks: [
          {
            webhook: { id: 'w1', name: words, url: 'https://a.example', tenant: words, unsubscribeUrl: 'https://hooks.example/u/t' },
            facts: [
              { kind: 'delivery_failed', count: 2, firstAt: at, lastAt: at, details: { event_type: words, error: words, reason: words } },
            ],
          },
        ],
      });
    const tame = write('tame');
    fc.assert(
      fc.property(
        anyText.filter((text) => plain(text, textCharsMax.name) !== ''),
        (words) => {
          const letter = write(words);
          expect(see(letter.html).elements).toEqual(see(tame.html).elements);
          expect(letter.text.split('\n')).toHaveLength(tame.text.split('\n').length);
          expect(Object.keys(letter.headers)).toEqual(Object.keys(tame.headers));
        },
      ),
    );
  });
});

describe('plain text', () => {
  it('is one bounded line without control characters, and stays as it is when it is made plain again', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 400 }), (text, charsMax) => {
        const line = plain(text, charsMax);
        expect(line).not.toMatch(forbidden);
        expect(Array.from(line).length).toBeLessThanOrEqual(charsMax);
        expect(plain(line, charsMax)).toBe(line);
      }),
    );
  });

  it('leaves the letters of every language alone, and what joins them', () => {
    for (const text of ['Bücher & Söhne', '注文 Webhook', 'می‌خواهم', '🧑‍🚀 <launch>']) expect(plain(text, 80)).toBe(text);
  });

  it('is cut with a mark', () => {
    expect(plain('abcdef', 6)).toBe('abcdef');
    expect(plain('abcdefg', 6)).toBe('abcde…');
    expect(plain(`${'\u0000'.repeat(1_000)}b`, 6)).toBe('…');
    expect(plain('a\r\n\tb\u202ec', 6)).toBe('a b c');
  });
});

describe('a link', () => {
  it.each([
    ['https://a.example/x?y=1&z=2', 'https://a.example/x?y=1&z=2'],
    ['https://a.example/<">\r\n x', 'https://a.example/%3C%22%3E%20x'],
    ["https://a.example/'`", 'https://a.example/%27%60'],
    ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
  ])('%j is escaped', (text, link) => {
    expect(linkOf(text)).toBe(link);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'mailto:a@x.example', '/webhooks', '', `https://a.example/${'x'.repeat(900)}`])(
    '%j is none',
    (text) => {
      expect(linkOf(text)).toBeNull();
    },
  );
});
