import { describe, expect, it } from '@jest/globals';
import { anyTrouble, deliveriesOf, deliveryOf, eventOf, eventsOf, fitsType, troublesOf, webhookOf } from './concerns.js';
import type { LiveMessage } from './live-stream.js';

const event = (type: string, id = 'e1'): LiveMessage => ({ kind: 'event', event_id: id, event_type: type });
const attempt = (webhook: string, id = 'e1', type = 'order.placed'): LiveMessage => ({
  kind: 'attempt',
  event_id: id,
  webhook_id: webhook,
  event_type: type,
  attempt_kind: 'first',
  ok: false,
});
const circuit = (webhook: string): LiveMessage => ({ kind: 'circuit', webhook_id: webhook });

it('knows a type by its pattern', () => {
  expect(['order.placed', 'order.', 'reorder.placed', 'orderXplaced'].map((type) => fitsType('order.*', type))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect([fitsType(undefined, 'a'), fitsType('', 'a'), fitsType('a', 'a'), fitsType('a', 'ab'), fitsType('(', '(')]).toEqual([
    true,
    true,
    true,
    false,
    true,
  ]);
});

describe('a page is concerned', () => {
  it('by new events that its list shows', () => {
    expect([event('order.placed'), event('user.new'), attempt('w')].map(eventsOf({ event_type: 'order.*' }))).toEqual([true, false, false]);
  });

  it('by what changes the deliveries that its list shows', () => {
    const concerns = deliveriesOf({ webhook_id: 'w', event_type: 'order.placed' });
    const messages = [attempt('w'), attempt('x'), attempt('w', 'e1', 'user.new'), circuit('w'), circuit('x'), event('order.placed')];
    expect(messages.map(concerns)).toEqual([true, false, false, true, false, true]);
    expect([attempt('x'), circuit('x'), event('any')].map(deliveriesOf({}))).toEqual([true, true, true]);
  });

  it('by its webhook, and by events that the webhook may want', () => {
    const messages = [attempt('w'), attempt('x'), circuit('w'), circuit('x'), event('order.placed'), event('user.new')];
    expect(messages.map(webhookOf('w', ['order.*']))).toEqual([true, false, true, false, true, false]);
    expect(messages.map(webhookOf('w', []))).toEqual([true, false, true, false, true, true]);
  });

  it('by its event or its delivery', () => {
    const messages = [
      event('a', 'e1'),
      event('a', 'e2'),
      attempt('w', 'e1'),
      attempt('x', 'e1'),
      attempt('w', 'e2'),
      circuit('w'),
      circuit('x'),
    ];
    expect(messages.map(eventOf('e1'))).toEqual([true, false, true, true, false, true, true]);
    expect(messages.map(deliveryOf('e1.w'))).toEqual([false, false, true, false, false, true, false]);
  });
});

it('takes what failed or was switched for trouble, of one webhook or of all', () => {
  expect([attempt('w1'), circuit('w1'), event('order.placed')].map(anyTrouble)).toEqual([true, true, false]);
  expect(anyTrouble({ ...attempt('w1'), ok: true } as LiveMessage)).toBe(false);
  expect([attempt('w1'), attempt('w2'), circuit('w2')].map(troublesOf({ webhook_id: 'w1' }))).toEqual([true, false, false]);
  expect(troublesOf({})(circuit('w2'))).toBe(true);
});
