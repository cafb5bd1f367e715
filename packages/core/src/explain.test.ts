import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explain, explainSteps } from './explain.js';
import { aheadMax, type ExplainedDelivery, type ExplainFacts } from './explain-facts.js';
import { explainOutcomes } from './explain-findings.js';
import { explainedValueCharsMax } from './explain-words.js';
import { reasonDescriptions } from './reason-descriptions.js';
import { type Reason, reasons } from './reasons.js';

const now = Date.parse('2025-01-31T12:00:00.000Z');
const soon = now + 60_000;
const ago = now - 60_000;
const any = { id: 'w', eventTypes: [], projectFlows: [], context: {}, filter: null };

type Changes = {
  readonly event?: Partial<ExplainFacts['event']>;
  readonly webhook?: Partial<ExplainFacts['webhook']>;
  readonly asks?: Partial<ExplainFacts['versions'][0]['webhook']>;
  readonly state?: Partial<ExplainFacts['state']>;
  readonly fanOut?: ExplainFacts['fanOut'];
  readonly delivery?: Partial<ExplainedDelivery>;
};

/** An event that was delivered to nobody by a webhook that wants everything, but for what is given. */
const factsOf = ({ event, webhook, asks, state, fanOut = 'done', delivery }: Changes): ExplainFacts => ({
  nowMs: now,
  event: {
    tenant: 'acme',
    eventType: 'order.placed',
    projectFlows: [],
    currentContext: null,
    data: '{"total":42}',
    acceptedAtMs: ago,
    isErased: false,
    ...event,
  },
  fanOut,
  webhook: { tenant: 'acme', createdAtMs: ago - 1000, isCreatedLater: false, ...webhook },
  versions: [{ webhook: { ...any, ...asks }, version: 3, atMs: ago - 1000, fromHistory: true }],
  state: {
    deletedAtMs: null,
    disabled: null,
    pausedAtMs: null,
    circuit: { state: 'closed', failureCount: 0, openedAtMs: null, retryAtMs: null },
    holdUntilMs: null,
    rateFullUntilMs: null,
    rateLimit: null,
    maxInFlight: 20,
    ahead: 0,
    isChunkOut: false,
    ...state,
  },
  delivery:
    delivery === undefined
      ? null
      : {
          status: 'waiting',
          reason: null,
          isOut: false,
          dueAtMs: ago,
          attempts: 1,
          failures: 1,
          attemptsMax: 10,
          lastStatusCode: 500,
          lastErrorKind: null,
          lastError: null,
          endedAtMs: null,
          ...delivery,
        },
});

const open = { circuit: { state: 'open', failureCount: 10, openedAtMs: ago, retryAtMs: soon } } as const;
const ended = (status: 'failed' | 'skipped' | 'cancelled', reason: Reason): Changes => ({ delivery: { status, reason, endedAtMs: ago } });

describe('explain', () => {
  it.each<[Reason, string, Changes, unknown, unknown, string]>([
    ['tenant', 'not_delivered', { event: { tenant: 'globex' } }, 'acme', 'globex', 'tenant globex'],
    [
      'created_later',
      'not_delivered',
      { webhook: { isCreatedLater: true, createdAtMs: now } },
      '2025-01-31T12:00:00.000Z',
      '2025-01-31T11:59:00.000Z',
      'after the event was accepted at 2025-01-31T11:59:00.000Z',
    ],
    ['webhook_deleted', 'not_delivered', { state: { deletedAtMs: ago } }, null, { deleted_at: '2025-01-31T11:59:00.000Z' }, 'was deleted'],
    [
      'webhook_disabled',
      'skipped',
      { fanOut: 'none', state: { disabled: { atMs: ago, reason: 'gone' } } },
      null,
      { disabled_at: '2025-01-31T11:59:00.000Z', disabled_reason: 'gone' },
      'said that it is gone (410)',
    ],
    ['webhook_paused', 'held', { delivery: {}, state: { pausedAtMs: ago } }, null, { paused_at: '2025-01-31T11:59:00.000Z' }, 'resumed'],
    ['event_type', 'not_delivered', { asks: { eventTypes: ['a.*', 'b'] } }, ['a.*', 'b'], 'order.placed', 'a.*, b, and the event is of'],
    ['project_flow', 'not_delivered', { asks: { projectFlows: ['f'] } }, ['f'], [], 'has none'],
    [
      'context',
      'not_delivered',
      { asks: { context: { g: '6' } }, event: { currentContext: '{"g":6}' } },
      '6',
      6,
      '/g wants "6", and the event has 6.',
    ],
    [
      'filter',
      'not_delivered',
      { asks: { filter: { data: { total: { $gte: 100 } } } } },
      100,
      42,
      "The filter's clause /data/total/$gte wants at least 100, and the event has 42.",
    ],
    [
      'circuit_open',
      'held',
      { delivery: {}, state: open },
      'closed',
      {
        circuit_state: 'open',
        circuit_failure_count: 10,
        circuit_opened_at: '2025-01-31T11:59:00.000Z',
        circuit_retry_at: '2025-01-31T12:01:00.000Z',
      },
      'after 10 failed attempts in a row',
    ],
    [
      'rate_limited',
      'waiting',
      { delivery: {}, state: { rateFullUntilMs: soon, rateLimit: { max: 3, perSeconds: 60 } } },
      { max: 3, per_seconds: 60 },
      { asked_by_endpoint: false, until: '2025-01-31T12:01:00.000Z' },
      '3 requests in 60 s',
    ],
    [
      'in_flight_limit',
      'waiting',
      { delivery: {}, state: { ahead: 7 } },
      20,
      { position: 7 },
      'of the deliveries of the webhook 7 are due before it',
    ],
    [
      'retry_waiting',
      'waiting',
      { delivery: { dueAtMs: soon, failures: 2 } },
      { attempts_max: 10 },
      { attempt: 3, due_at: '2025-01-31T12:01:00.000Z', last_status_code: 500, last_error_kind: null, last_error: null },
      'was answered with 500. Attempt 3 of 10 is due at 2025-01-31T12:01:00.000Z',
    ],
    [
      'exhausted',
      'failed',
      ended('failed', 'exhausted'),
      { attempts_max: 10 },
      expect.objectContaining({ last_status_code: 500 }),
      'with 500',
    ],
    ['rejected', 'failed', ended('failed', 'rejected'), null, expect.anything(), 'gone'],
    ['blocked_address', 'failed', ended('failed', 'blocked_address'), null, expect.anything(), 'may not be called'],
    ['webhook_disabled', 'skipped', ended('skipped', 'webhook_disabled'), null, expect.anything(), 'skipped'],
    ['webhook_deleted', 'cancelled', ended('cancelled', 'webhook_deleted'), null, expect.anything(), 'deleted'],
    ['cancelled_by_hand', 'cancelled', ended('cancelled', 'cancelled_by_hand'), null, expect.anything(), 'Somebody'],
    ['expired', 'failed', ended('failed', 'expired'), null, expect.anything(), 'kept was over'],
    ['erased', 'cancelled', ended('cancelled', 'erased'), null, expect.anything(), 'erased'],
  ])('says %s, and the delivery is %s', (reason, outcome, changes, expected, value, words) => {
    const found = explain(factsOf(changes));
    expect(found).toMatchObject({ reason, outcome, expected, value });
    expect(found.sentence).toContain(words);
    expect(found.steps.find(({ step }) => step === reason)).toEqual({ step: reason, passed: false, detail: found.sentence });
  });

  it('says what becomes of a delivery that nothing stops', () => {
    const outcomeOf = (changes: Changes) => {
      const { outcome, reason, steps } = explain(factsOf(changes));
      return [outcome, reason, steps.some(({ passed }) => passed === false)];
    };
    expect(outcomeOf({ delivery: { status: 'succeeded', lastStatusCode: 204, endedAtMs: ago } })).toEqual(['delivered', null, false]);
    expect(outcomeOf({ delivery: {} })).toEqual(['will_be_delivered', null, false]);
    expect(outcomeOf({ delivery: { isOut: true, dueAtMs: soon } })).toEqual(['under_way', null, false]);
    expect(outcomeOf({ fanOut: 'none' })).toEqual(['will_be_delivered', null, false]);
    expect(outcomeOf({ fanOut: 'waiting' })).toEqual(['fan_out_waiting', null, false]);
    // Nothing that is kept tells why, and nothing is made up.
    expect(outcomeOf({})).toEqual(['not_delivered', null, false]);
  });

  it('tells of an event that is not fanned out what would come of it', () => {
    const found = explain(factsOf({ fanOut: 'waiting', asks: { filter: { event_type: 'x' } } }));
    expect(found).toMatchObject({ outcome: 'fan_out_waiting', reason: 'filter', clause: '/event_type' });
    expect(found.sentence).toMatch(/^The event is not fanned out yet\. As things stand: The filter's clause/);
    expect(explain(factsOf({ fanOut: 'waiting', state: open })).reason).toBe('circuit_open');
  });

  it('finds what the webhook asks for before its state, whose steps have failed all the same', () => {
    const state = { disabled: { atMs: ago, reason: 'by_hand' }, pausedAtMs: ago };
    const found = explain(factsOf({ state, asks: { eventTypes: ['other'] } }));
    expect(found.reason).toBe('event_type');
    const passed = Object.fromEntries(found.steps.map((step) => [step.step, step.passed]));
    expect(passed).toMatchObject({
      tenant: true,
      webhook_disabled: false,
      webhook_paused: false,
      event_type: false,
      filter: null,
      circuit_open: null,
    });
  });

  it('looks at the versions that followed the acceptance, for the event was fanned out with one of them', () => {
    const facts = factsOf({});
    const later = { webhook: { ...any, eventTypes: ['other'] }, version: 4, atMs: ago + 5, fromHistory: true };
    const found = explain({ ...facts, versions: [...facts.versions, later] });
    expect(found).toMatchObject({ reason: 'event_type', asOf: { webhookVersion: 4, atMs: ago + 5, fromHistory: true } });
    expect(explain(factsOf({ asks: { eventTypes: ['other'] } })).asOf).toEqual({ webhookVersion: 3, atMs: ago, fromHistory: true });
  });

  it('takes a webhook for deleted that was deleted before the event, or, if it matched, before the fan-out', () => {
    const asks = { eventTypes: ['other'] };
    expect(explain(factsOf({ asks, state: { deletedAtMs: ago } })).reason).toBe('webhook_deleted');
    expect(explain(factsOf({ asks, state: { deletedAtMs: ago + 1 } })).reason).toBe('event_type');
    expect(explain(factsOf({ state: { deletedAtMs: ago + 1 } })).reason).toBe('webhook_deleted');
    expect(explain(factsOf({ asks, fanOut: 'none', state: { deletedAtMs: ago + 1 } })).reason).toBe('webhook_deleted');
  });

  it('says nothing of the content of an erased event', () => {
    const event = { isErased: true, data: 'null' };
    expect(explain(factsOf({ event, asks: { filter: { data: { total: 1 } }, context: { a: 1 } } })).reason).toBe('erased');
    expect(explain(factsOf({ event, asks: { eventTypes: ['other'] } })).reason).toBe('event_type');
    expect(explain(factsOf({ event, delivery: {} }))).toMatchObject({ outcome: 'waiting', reason: 'erased' });
  });

  it('names the limit or the schedule, whichever ends later', () => {
    const at = (dueAtMs: number, state: NonNullable<Changes['state']>) => explain(factsOf({ delivery: { dueAtMs }, state })).reason;
    expect(at(soon, { holdUntilMs: soon })).toBe('rate_limited');
    expect(at(soon + 1, { holdUntilMs: soon })).toBe('retry_waiting');
    expect(at(ago, { holdUntilMs: soon, rateFullUntilMs: soon - 1 })).toBe('rate_limited');
    expect(at(soon, { ahead: 5 })).toBe('retry_waiting');
    expect(at(ago, { isChunkOut: true })).toBe('in_flight_limit');
    expect(at(soon, open)).toBe('circuit_open');
    expect(explain(factsOf({ delivery: {}, state: { ahead: aheadMax } })).sentence).toContain('1000 or more');
  });

  it('says how an endpoint asked for patience, and that a manual circuit waits for a person', () => {
    expect(explain(factsOf({ delivery: {}, state: { holdUntilMs: soon } })).sentence).toContain('answered 429');
    const circuit = { ...open.circuit, retryAtMs: null };
    expect(explain(factsOf({ delivery: {}, state: { circuit } })).sentence).toContain('waits for a person');
  });

  it('says of a delivery that is about to end why', () => {
    expect(explain(factsOf({ delivery: {}, state: { deletedAtMs: ago } }))).toMatchObject({
      outcome: 'waiting',
      reason: 'webhook_deleted',
    });
    const disabled = { atMs: ago, reason: 'no_success' };
    expect(explain(factsOf({ delivery: {}, state: { disabled } })).sentence).toContain('about to be skipped');
  });

  it.each<[unknown, string]>([
    [{ data: { total: { $gt: 42 } } }, '/data/total/$gt wants more than 42, and the event has 42.'],
    [{ data: { total: { $in: [1, 2] } } }, '/data/total/$in wants one of [1,2], and the event has 42.'],
    [{ data: { none: 1 } }, '/data/none wants 1, and the event has nothing there.'],
    [{ data: { total: { $exist: false } } }, '/data/total/$exist wants nothing there, and the event has 42.'],
    [{ data: { constructor: 'x' } }, '/data/constructor wants "x", and the event has nothing there.'],
  ])('puts the filter %j into words', (filter, words) => {
    expect(explain(factsOf({ asks: { filter } })).sentence).toBe(`The filter's clause ${words}`);
  });

  it('says of an event of our own that it has to be asked for by name', () => {
    const found = explain(factsOf({ event: { eventType: 'posthorn.circuit_opened' } }));
    expect(found).toMatchObject({ reason: 'event_type', expected: [], value: 'posthorn.circuit_opened' });
    expect(found.sentence).toContain("none of Posthorn's own");
  });

  it('shows a value that is too long as the beginning of its text', () => {
    const found = explain(factsOf({ asks: { filter: { data: 'x' } }, event: { data: JSON.stringify('😀'.repeat(5000)) } }));
    expect(String(found.value)).toHaveLength(explainedValueCharsMax);
    expect(found.sentence.length).toBeLessThan(400);
    expect(/[\uD800-\uDBFF]…/.test(found.sentence + String(found.value))).toBe(false);
  });

  it('always answers with every step once, in their order, a failed one if there is a reason, and a sentence', () => {
    const time = fc.constantFrom(null, ago, ago - 1, soon);
    const facts = fc.record({
      event: fc.record({ tenant: fc.constantFrom('acme', 'b'), isErased: fc.boolean() }),
      webhook: fc.record({ isCreatedLater: fc.boolean() }),
      asks: fc.record({ eventTypes: fc.constantFrom([], ['x']), filter: fc.constantFrom(null, { data: 1 }) }),
      state: fc.record({ deletedAtMs: time, pausedAtMs: time, holdUntilMs: fc.constantFrom(null, soon), ahead: fc.nat(3) }),
      fanOut: fc.constantFrom('none' as const, 'waiting' as const, 'done' as const),
      delivery: fc.option(
        fc.record({
          status: fc.constantFrom('waiting' as const, 'succeeded' as const, 'failed' as const),
          reason: fc.constant('exhausted' as const),
          isOut: fc.boolean(),
          dueAtMs: fc.constantFrom(ago, soon),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(facts, ({ delivery, ...rest }) => {
        const found = explain(factsOf(delivery === undefined ? rest : { ...rest, delivery }));
        expect(explainOutcomes).toContain(found.outcome);
        expect(found.sentence).toMatch(/^[A-Z].+\.$/);
        expect(found.steps.map(({ step }) => step)).toEqual(explainSteps.map(({ step }) => step));
        if (found.reason !== null) expect(found.steps.find(({ step }) => step === found.reason)?.passed).toBe(false);
        for (const { passed, detail } of found.steps) expect(detail === null).toBe(passed === null);
      }),
    );
  });
});

describe('the tables', () => {
  it('have each reason once', () => {
    expect(explainSteps.map(({ step }) => step).sort()).toEqual([...reasons].sort());
    expect(Object.keys(reasonDescriptions)).toEqual(expect.arrayContaining([...reasons]));
    for (const { meaning, whatHelps } of Object.values(reasonDescriptions))
      expect([meaning, whatHelps].every((text) => /\.$/.test(text))).toBe(true);
  });
});
