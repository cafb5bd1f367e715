import { describe, expect, it } from '@jest/globals';
import { deliveriesOf, deliveryOf, eventOf, eventsOf, fitsType, webhookOf } from './concerns.js';
import type { LiveMessage } from './live-stream.js';

const event = (type: string, id = 'e1'): LiveMessage => ({ kind: 'event', event_id: id, event_type: type });
const attempt = (webhook: string, id = 'e1', type = 'order.placed'): LiveMessage => ({
  kind: 'attempt',
  event_id: id,
  webhook_id: webhook,
  event_type: type,
  attempt_kind: 'first',
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
