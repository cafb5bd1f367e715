import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matchesEventType } from './event-type.js';
import { compileWebhooks, matchCacheTypesMax, matchEvent } from './match.js';

describe('matchEvent', () => {
  it('finds what a look at every webhook finds, in the same order', () => {
    const piece = fc.constantFrom('a', 'b', 'posthorn', '*', 'a*', 'order');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join('.'));
    const type = fc
      .array(fc.constantFrom('a', 'b', 'ab', 'posthorn', 'order'), { minLength: 1, maxLength: 3 })
      .map((pieces) => pieces.join('.'));
    fc.assert(
      fc.property(fc.array(fc.array(pattern, { maxLength: 3 }), { maxLength: 8 }), fc.array(type, { maxLength: 5 }), (lists, types) => {
        const webhooks = lists.map((eventTypes, index) => ({ id: `w${index}`, eventTypes }));
        const compiled = compileWebhooks(webhooks);
        for (const eventType of [...types, ...types])
          expect(matchEvent(compiled, eventType)).toEqual(webhooks.filter((webhook) => matchesEventType(webhook.eventTypes, eventType)));
      }),
      { numRuns: 500 },
    );
  });

  it('gives back the very webhooks, with all that they carry', () => {
    const webhook = { id: 'w', eventTypes: ['a.*', 'a.b'], url: 'https://example.com' };
    const [found, ...rest] = matchEvent(compileWebhooks([webhook]), 'a.b');
    expect(found).toBe(webhook);
    expect(rest).toEqual([]);
  });

  it('keeps the answers of a bounded number of event types', () => {
    const compiled = compileWebhooks([{ id: 'w', eventTypes: ['t*'] }]);
    for (let index = 0; index < matchCacheTypesMax + 500; index++) expect(matchEvent(compiled, `t${index}`)).toHaveLength(1);
    expect(compiled.cache.size).toBe(matchCacheTypesMax);
    expect(matchEvent(compiled, 't1499')).toBe(matchEvent(compiled, 't1499'));
  });
});
