import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Authentication } from './authentication.js';
import { checkHeaders, checkHeadersTogether, hideHeaders, keepHiddenHeaders, renderHeaders } from './own-headers.js';
import type { SignatureHeader } from './signature-header.js';

function refusals(headers: unknown): string[] {
  return checkHeaders(headers).map(({ pointer, code }) => `${pointer} ${code}`);
}

function many(count: number, value = 'v'): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${String(index).padStart(2, '0')}`, value]));
}

const none: Authentication = { type: 'none' };
const bearer: Authentication = { type: 'bearer', token: 't' };
const apiKey: Authentication = { type: 'api_key', header: 'x-api-key', value: 'v' };
const basic: Authentication = { type: 'basic', username: 'u', password: 'p' };

describe('checkHeaders', () => {
  it.each([{}, { 'X-Topic': '{event_type}', 'x-b': 'a b\tc' }, { authorization: 'Token x' }, many(20), JSON.parse('{"__proto__":"x"}')])(
    'takes %j',
    (headers) => {
      expect(checkHeaders(headers)).toEqual([]);
    },
  );

  it.each<[unknown, string[]]>([
    [null, ['/headers invalid_field']],
    [[], ['/headers invalid_field']],
    ['x: y', ['/headers invalid_field']],
    [{ Host: 'a' }, ['/headers/Host invalid_field']],
    [{ 'Webhook-Signature': 'v1,forged' }, ['/headers/Webhook-Signature invalid_field']],
    [{ 'a/b': 'x' }, ['/headers/a~1b invalid_field']],
    [{ [`a b${'c'.repeat(1000)}`]: 'x' }, [`/headers/a b${'c'.repeat(125)} invalid_field`]],
    [{ x: 1 }, ['/headers/x invalid_field']],
    [{ x: null }, ['/headers/x invalid_field']],
    [{ x: '' }, ['/headers/x invalid_field']],
    [{ x: 'a\r\nhost: evil' }, ['/headers/x invalid_field']],
    [{ x: 'é' }, ['/headers/x invalid_field']],
    [{ 'X-A': '1', 'x-b': '2', 'x-a': '3' }, ['/headers/x-a invalid_field']],
    [{ 'x-a': '1', 'X-A': '2' }, ['/headers/X-A invalid_field']],
    [{ te: 'x', via: 'y' }, ['/headers/te invalid_field', '/headers/via invalid_field']],
    [many(21), ['/headers invalid_field']],
  ])('refuses %.80j', (headers, expected) => {
    expect(refusals(headers)).toEqual(expected);
  });

  it('limits a value to 4096 characters, counted with the longest event type', () => {
    expect(refusals({ x: 'v'.repeat(4096) })).toEqual([]);
    expect(refusals({ x: 'v'.repeat(4097) })).toEqual(['/headers/x invalid_field']);
    expect(refusals({ x: `{event_type}${'v'.repeat(3968)}` })).toEqual([]);
    expect(refusals({ x: `{event_type}${'v'.repeat(3969)}` })).toEqual(['/headers/x invalid_field']);
    expect(refusals({ x: '{event_type}'.repeat(33) })).toEqual(['/headers/x invalid_field']);
  });

  it('limits all names and values to 16 KiB', () => {
    // 4 names of 4 characters.
    expect(refusals(many(4, 'v'.repeat(4092)))).toEqual([]);
    expect(refusals({ ...many(3, 'v'.repeat(4092)), 'x-03': 'v'.repeat(4093) })).toEqual(['/headers invalid_field']);
  });

  it('takes nothing that is longer than its limit when it is sent', () => {
    const part = fc.constantFrom('{event_type}', 'v'.repeat(500), '{', '}', 'a b');
    const value = fc.array(part, { minLength: 1, maxLength: 40 }).map((parts) => parts.join(''));
    const headers = fc
      .array(value, { maxLength: 20 })
      .map((values) => Object.fromEntries(values.map((each, index) => [`x-${index}`, each])));
    fc.assert(
      fc.property(headers, (some) => {
        const sent = renderHeaders(some, { eventType: 'x'.repeat(128) });
        const fits = sent.every((text) => text.length <= 4096) && sent.join('').length <= 16_384;
        expect(checkHeaders(some).length === 0).toBe(fits);
      }),
    );
  });
});

describe('checkHeadersTogether', () => {
  const signature: SignatureHeader = { name: 'X-Signature', value: '{hex}' };
  const check = (headers: Record<string, string>, authentication: Authentication, signatureHeader: SignatureHeader | null = null) =>
    checkHeadersTogether({ headers, authentication, signatureHeader }).map(({ pointer, code }) => `${pointer} ${code}`);

  it('takes what is apart', () => {
    expect(check({ 'x-a': '1' }, apiKey, signature)).toEqual([]);
    expect(check({ Authorization: 'Token x' }, none, signature)).toEqual([]);
    expect(check({}, none, { name: 'authorization', value: 'HMAC {hex}' })).toEqual([]);
  });

  it.each([bearer, basic, apiKey])('refuses an own authorization beside %j', (authentication) => {
    expect(check({ Authorization: 'x' }, authentication)).toEqual(['/headers/Authorization invalid_field']);
  });

  it('refuses an own header, or a signature, in the header of the authentication', () => {
    expect(check({ 'X-Api-Key': 'x' }, apiKey)).toEqual(['/headers/X-Api-Key invalid_field']);
    expect(check({}, apiKey, { name: 'X-API-KEY', value: '{hex}' })).toEqual(['/signature_header/name invalid_field']);
    expect(check({}, bearer, { name: 'Authorization', value: '{hex}' })).toEqual(['/signature_header/name invalid_field']);
  });

  it('refuses an own header in the header of the signature', () => {
    expect(check({ 'x-signature': 'x' }, none, signature)).toEqual(['/headers/x-signature invalid_field']);
    expect(check({ Authorization: 'x' }, none, { name: 'authorization', value: '{hex}' })).toEqual([
      '/headers/Authorization invalid_field',
    ]);
  });
});

describe('renderHeaders', () => {
  it('puts the event type into values, as often as it is asked for, and nothing else', () => {
    const headers = { 'X-Topic': '{event_type}', 'x-both': 'a/{event_type}/{event_type}', 'x-other': '{other} {event_type' };
    expect(renderHeaders(headers, { eventType: 'order.placed' })).toEqual([
      ...['X-Topic', 'order.placed', 'x-both', 'a/order.placed/order.placed', 'x-other', '{other} {event_type'],
    ]);
    expect(renderHeaders({ x: '{event_type}' }, { eventType: "$&$'" })).toEqual(['x', "$&$'"]);
    expect(renderHeaders({}, { eventType: 'a' })).toEqual([]);
  });

  it('leaves out what may not be set', () => {
    expect(renderHeaders({ Host: 'evil', 'X-A': '1', 'Webhook-Id': 'forged' }, { eventType: 'a' })).toEqual(['X-A', '1']);
  });
});

describe('hideHeaders and keepHiddenHeaders', () => {
  it('show names only, and keep what was shown when it is written back', () => {
    const current = { 'X-A': '1', 'x-b': '{event_type}' };
    expect(hideHeaders(current)).toEqual({ 'X-A': '<hidden>', 'x-b': '<hidden>' });
    expect(keepHiddenHeaders(hideHeaders(current), current)).toEqual({ ok: true, headers: current });
  });

  it('replace what is not hidden, and find a name in another case', () => {
    const next = { 'x-a': '<hidden>', 'x-b': '2', 'x-c': '3' };
    expect(keepHiddenHeaders(next, { 'X-A': '1', 'x-b': '1' })).toEqual({ ok: true, headers: { ...next, 'x-a': '1' } });
  });

  it('refuse to keep what is not there', () => {
    expect(keepHiddenHeaders({ 'x-a': '<hidden>', 'x-b': '2' }, { 'x-b': '1' })).toEqual({
      ok: false,
      errors: [{ pointer: '/headers/x-a', code: 'invalid_field', message: '/headers/x-a is <hidden>, but there is no value to keep' }],
    });
  });
});
