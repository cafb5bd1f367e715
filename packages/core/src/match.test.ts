import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matchesEventType } from './event-type.js';
import {
  compileWebhooks,
  type MatchableEvent,
  type MatchableWebhook,
  matchCacheTypesMax,
  matchEvent,
  matchIndexesMax,
  whyNoMatch,
} from './match.js';

const newWebhook = (changes: Partial<MatchableWebhook> = {}): MatchableWebhook => ({
  id: 'w',
  eventTypes: [],
  projectFlows: [],
  context: {},
  filter: null,
  ...changes,
});
const newEvent = (changes: Partial<MatchableEvent> = {}): MatchableEvent => ({
  eventType: 'a.b',
  projectFlows: [],
  currentContext: null,
  data: '{}',
  ...changes,
});
const wants = (webhook: Partial<MatchableWebhook>, event: Partial<MatchableEvent>): boolean =>
  matchEvent(compileWebhooks([newWebhook(webhook)]), newEvent(event)).length === 1;

const piece = fc.constantFrom('a', 'b', 'posthorn', '*', 'a*', 'order');
const pattern = fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join('.'));
const type = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'posthorn', 'order'), { minLength: 1, maxLength: 3 })
  .map((pieces) => pieces.join('.'));

describe('matchEvent', () => {
  it('finds what a look at the types of every webhook finds, in the same order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(pattern, { maxLength: 3 }), { maxLength: 8 }), fc.array(type, { maxLength: 5 }), (lists, types) => {
        const webhooks = lists.map((eventTypes, index) => newWebhook({ id: `w${index}`, eventTypes }));
        const compiled = compileWebhooks(webhooks);
        for (const eventType of [...types, ...types]) {
          const found = matchEvent(compiled, newEvent({ eventType }));
          expect(found).toEqual(webhooks.filter((webhook) => matchesEventType(webhook.eventTypes, eventType)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('finds those for whom there is no reason against it, in the order in which they were compiled', () => {
    const scalar = fc.constantFrom<unknown>('x', 'y', 1, '', null);
    const wanted = fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.constant({ z: 1 }));
    const context = fc.dictionary(fc.constantFrom('p', 'q'), wanted, { maxKeys: 2 }).map((each) => ({ ...each }));
    const filter = fc.oneof(fc.constant(null), fc.record({ data: fc.record({ n: fc.record({ $gt: fc.integer({ min: 0, max: 2 }) }) }) }));
    const flows = fc.subarray(['f', 'g', 'h']);
    const webhook = fc.record({
      eventTypes: fc.oneof(fc.constant([]), fc.array(pattern, { maxLength: 2 })),
      projectFlows: fc.oneof(fc.constant([]), flows),
      context: fc.oneof(fc.constant({}), context),
      filter,
    });
    const event = fc.record({
      eventType: type,
      projectFlows: flows,
      currentContext: fc.oneof(
        fc.constant(null),
        context.map((each) => JSON.stringify(each)),
      ),
      data: fc.integer({ min: 0, max: 3 }).map((n) => `{"n":${n}}`),
    });
    let found = 0;
    fc.assert(
      // Long lists are looked up in an index, short ones are not.
      fc.property(fc.array(webhook, { maxLength: 60, size: 'max' }), fc.array(event, { minLength: 1, maxLength: 5 }), (list, events) => {
        const webhooks = list.map((each, index) => ({ ...each, id: `w${index}` }));
        const compiled = compileWebhooks(webhooks);
        for (const each of events) {
          const expected = webhooks.filter((one) => whyNoMatch(one, each) === null);
          expect(matchEvent(compiled, each)).toEqual(expected);
          found += expected.length;
        }
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(500);
  });

  it('gives back the very webhooks, with all that they carry', () => {
    const webhook = { ...newWebhook({ eventTypes: ['a.*', 'a.b'] }), url: 'https://example.com' };
    const [found, ...rest] = matchEvent(compileWebhooks([webhook]), newEvent());
    expect(found).toBe(webhook);
    expect(rest).toEqual([]);
  });

  it('keeps the answers of a bounded number of event types', () => {
    const compiled = compileWebhooks([newWebhook({ eventTypes: ['t*'] })]);
    const matchType = (eventType: string) => matchEvent(compiled, newEvent({ eventType }));
    for (let index = 0; index < matchCacheTypesMax + 500; index++) expect(matchType(`t${index}`)).toHaveLength(1);
    expect(compiled.cache.size).toBe(matchCacheTypesMax);
    expect(matchType('t1499')).toBe(matchType('t1499'));
  });

  it('keeps a bounded number of indexes, one for all types with the same candidates', () => {
    const same = Array.from({ length: 30 }, (_, index) => newWebhook({ id: `all${index}`, projectFlows: [`f${index}`] }));
    const others = Array.from({ length: 30 }, (_, index) => newWebhook({ id: `one${index}`, eventTypes: [`own${index}`] }));
    const compiled = compileWebhooks([...same, ...others]);
    const matchType = (eventType: string) =>
      matchEvent(compiled, newEvent({ eventType, projectFlows: ['f7'] })).map((webhook) => webhook.id);
    for (let index = 0; index < 30; index++) expect(matchType(`t${index}`)).toEqual(['all7']);
    expect(compiled.indexes.size).toBe(1);
    for (let index = 0; index < 30; index++) expect(matchType(`own${index}`)).toEqual(['all7', `one${index}`]);
    expect(compiled.indexes.size).toBe(matchIndexesMax);
  });

  it("does not look at the event's JSON unless a webhook of its type asks for it", () => {
    const noJson = newEvent({ currentContext: '{', data: '{' });
    const compiled = compileWebhooks([
      newWebhook({ id: 'all' }),
      newWebhook({ id: 'other', eventTypes: ['c'], filter: { data: { x: 1 } } }),
      newWebhook({ id: 'flow', eventTypes: ['d'], projectFlows: ['f'], filter: { data: { x: 1 } } }),
    ]);
    expect(matchEvent(compiled, noJson).map((webhook) => webhook.id)).toEqual(['all']);
    expect(matchEvent(compiled, { ...noJson, eventType: 'd' }).map((webhook) => webhook.id)).toEqual(['all']);
    expect(() => matchEvent(compiled, { ...noJson, eventType: 'c' })).toThrow(SyntaxError);
  });
});

describe('what a webhook asks for beyond the type', () => {
  it.each([
    [[], [], true],
    [[], ['f'], true],
    [['f'], [], false],
    [['f', 'g'], ['g', 'h'], true],
    [['f'], ['g'], false],
  ])('project flows %j, given %j: %p', (projectFlows, given, expected) => {
    expect(wants({ projectFlows }, { projectFlows: given })).toBe(expected);
  });

  it('is a filter over event_type, current_context and data', () => {
    const filter = { event_type: { $startsWith: 'a.' }, current_context: { group: 'g' }, data: { n: { $gte: 2 } } };
    expect(wants({ filter }, { currentContext: '{"group":"g"}', data: '{"n":2}' })).toBe(true);
    expect(wants({ filter }, { currentContext: '{"group":"g"}', data: '{"n":1}' })).toBe(false);
    expect(wants({ filter }, { data: '{"n":2}' })).toBe(false);
    expect(wants({ filter: { current_context: null, data: ['x'] } }, { data: '["x"]' })).toBe(true);
  });

  it('is asked of that webhook alone', () => {
    const compiled = compileWebhooks([
      newWebhook({ id: '1', context: { g: '1' } }),
      newWebhook({ id: '2' }),
      newWebhook({ id: '3', filter: { $x: 1 } }),
    ]);
    expect(matchEvent(compiled, newEvent({ currentContext: '{"g":"2"}' })).map((webhook) => webhook.id)).toEqual(['2']);
  });
});

describe('whyNoMatch', () => {
  const webhook = newWebhook({
    eventTypes: ['a.*'],
    projectFlows: ['f'],
    context: { 'x/y': ['1', '2'] },
    filter: { data: { n: { $gt: 1 } } },
  });
  const event = newEvent({ projectFlows: ['f'], currentContext: '{"x/y":"1"}', data: '{"n":2}' });

  it('is null where there is nothing against it', () => {
    expect(whyNoMatch(webhook, event)).toBeNull();
  });

  it('names the first thing that is, in the order type, flow, context, filter', () => {
    const bad = { ...event, eventType: 'b', projectFlows: ['g'], currentContext: '{"x/y":1}', data: '{}' };
    expect(whyNoMatch(webhook, bad)).toEqual({ reason: 'event_type', clause: null, expected: ['a.*'], value: 'b' });
    expect(whyNoMatch(webhook, { ...bad, eventType: 'a.b' })).toEqual({
      reason: 'project_flow',
      clause: null,
      expected: ['f'],
      value: ['g'],
    });
    expect(whyNoMatch(webhook, { ...event, currentContext: bad.currentContext, data: bad.data })).toEqual({
      reason: 'context',
      clause: '/x~1y',
      expected: ['1', '2'],
      value: 1,
    });
    expect(whyNoMatch(webhook, { ...event, data: bad.data })).toEqual({
      reason: 'filter',
      clause: '/data/n/$gt',
      expected: 1,
      value: undefined,
    });
  });
});
