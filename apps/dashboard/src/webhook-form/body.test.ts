import { describe, expect, it } from '@jest/globals';
import { changedBody, errorsOf, fieldErrorsOf, newBody } from './body.js';
import { patternsOf } from './patterns.js';
import { emptyValues, type WebhookValues } from './values.js';

const typed = (values: Partial<WebhookValues>): WebhookValues => ({ ...emptyValues, url: 'https://a.example/', ...values });
const bodyOf = (values: Partial<WebhookValues>) => newBody(typed(values), emptyValues);

describe('a new webhook', () => {
  it('has what was typed and leaves the rest to the API', () => {
    expect(bodyOf({})).toEqual({ url: 'https://a.example/' });
    expect(bodyOf({ name: ' Orders ', eventTypes: ['order.*'], apiKey: 's3cret' })).toEqual({
      url: 'https://a.example/',
      name: 'Orders',
      event_types: ['order.*'],
      authentication: { type: 'api_key', value: 's3cret' },
    });
  });

  it('sends the key as it is to be sent', () => {
    expect(bodyOf({ apiKey: 'k', apiKeyHeader: 'x-k' }).authentication).toEqual({ type: 'api_key', header: 'x-k', value: 'k' });
    expect(bodyOf({ apiKey: 'k', scheme: 'bearer' }).authentication).toEqual({ type: 'bearer', token: 'k' });
    expect(bodyOf({ apiKey: 'k', scheme: 'basic', username: 'u' }).authentication).toEqual({ type: 'basic', username: 'u', password: 'k' });
    expect(bodyOf({ scheme: 'bearer' }).authentication).toBeUndefined();
  });

  it('has every other field in the form of the API', () => {
    const values = { filter: '{"a":1}', headers: 'X-A: 1\n\nx-b:two: three', retrySchedule: '5, 60 600', rateMax: 5, rateSeconds: 2 };
    expect(bodyOf({ ...values, isActive: false, tenant: 'acme', circuitRecovery: 'manual', email: 'a@b.example' })).toMatchObject({
      filter: { a: 1 },
      headers: { 'X-A': '1', 'x-b': 'two: three' },
      retry_schedule_s: [5, 60, 600],
      rate_limit: { max: 5, per_seconds: 2 },
      is_active: false,
      tenant: 'acme',
      circuit_recovery: 'manual',
      notification: { email: 'a@b.example', success: false, fail: true },
    });
  });
});

describe('a change', () => {
  const before = typed({ name: 'Orders', headers: 'x-a: <hidden>\nx-b: <hidden>', metadata: '{"team":"a"}' });

  it('names only what is different, and says of members that are gone that they are', () => {
    expect(changedBody(before, before)).toEqual({});
    expect(changedBody({ ...before, name: '' }, before)).toEqual({ name: null });
    expect(changedBody({ ...before, headers: 'x-a: <hidden>\nx-c: 1' }, before)).toEqual({
      headers: { 'x-a': '<hidden>', 'x-b': null, 'x-c': '1' },
    });
    expect(changedBody({ ...before, metadata: '' }, before)).toEqual({ metadata: { team: null } });
  });

  it('keeps the API key unless another is typed', () => {
    expect(changedBody({ ...before, apiKey: 'new' }, before)).toEqual({ authentication: { type: 'api_key', value: 'new' } });
    expect(changedBody({ ...before, apiKeyHeader: 'x-k' }, before)).toEqual({
      authentication: { type: 'api_key', header: 'x-k', value: '<hidden>' },
    });
    expect(changedBody({ ...before, scheme: 'none' }, before)).toEqual({ authentication: { type: 'none' } });
  });
});

describe('what is wrong', () => {
  it('is said at its field before the API is asked', () => {
    expect(errorsOf(typed({}))).toEqual({});
    const wrong = errorsOf({ ...typed({ context: '[]', filter: '{', headers: 'x', retrySchedule: '5, a', rateMax: 1 }), url: ' ' });
    expect(Object.keys(wrong).sort()).toEqual(['context', 'filter', 'headers', 'rateMax', 'retrySchedule', 'url']);
  });

  it('comes back from the API to its field', () => {
    const errors = [
      { pointer: '/url', code: 'blocked_address', message: '/url is not allowed' },
      { pointer: '/event_types/0', code: 'invalid_field', message: 'is no pattern' },
      { pointer: '/authentication/header', code: 'invalid_field', message: 'is taken' },
      { pointer: '/nowhere', code: 'unknown_field', message: 'is not a field' },
    ];
    expect(fieldErrorsOf(errors, emptyValues)).toEqual({ url: 'is not allowed', eventTypes: 'is no pattern', apiKeyHeader: 'is taken' });
  });
});

it('offers patterns that cover two types or more', () => {
  expect(patternsOf(['order.placed', 'order.paid', 'user.made', 'order.item.added', 'order.item.gone', 'ping'])).toEqual([
    'order.*',
    'order.item.*',
  ]);
});
