import { describe, expect, it } from '@jest/globals';
import { filterWords, replayFilterOf } from './replay-filter.js';

const now = '2026-11-22T12:00:00.000Z';

describe('the filter of a list of deliveries', () => {
  it('is that of a replay, up to now', () => {
    const filters = { webhook_id: 'w', status: 'failed', reason: 'exhausted', 'created_at[gte]': '2026-11-22T00:00:00.000Z' };
    expect(replayFilterOf(filters, now)).toEqual({
      filter: { webhook_id: 'w', status: ['failed'], reason: 'exhausted', from: '2026-11-22T00:00:00.000Z', to: now },
    });
    expect(replayFilterOf({ event_type: 'a.*', 'created_at[lt]': '2026-11-21T00:00:00.000Z' }, now)).toMatchObject({
      filter: { to: '2026-11-21T00:00:00.000Z' },
    });
  });

  it('has the event and what came back', () => {
    const filters = { event_id: 'e', status_code: '5xx', error_kind: 'dns' };
    expect(replayFilterOf(filters, now)).toMatchObject({ filter: filters });
    expect(replayFilterOf({ replay_id: 'r' }, now)).toMatchObject({ filter: { replay_id: 'r' } });
  });

  it('leaves those out that have arrived, unless they were asked for', () => {
    expect(replayFilterOf({ webhook_id: 'w' }, now)).toMatchObject({ filter: { status: ['failed', 'skipped', 'cancelled'] } });
    expect(replayFilterOf({ webhook_id: 'w', status: 'succeeded' }, now)).toMatchObject({ filter: { status: ['succeeded'] } });
  });

  it('says what a replay cannot choose by, rather than to choose more than is shown', () => {
    for (const filters of [
      { status_code: '5xx' },
      { webhook_id: 'w', status: 'pending' },
      { webhook_id: 'w', reason: 'circuit_open' },
      { status: 'failed' },
    ])
      expect(replayFilterOf(filters, now)).toEqual({ obstacle: expect.any(String) });
  });

  it('can be said in words', () => {
    expect(filterWords({ event_type: 'a.b', status: ['failed', 'skipped'] })).toBe('event type: a.b · status: failed, skipped');
  });
});
