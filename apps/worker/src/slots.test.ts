import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { fakeTime } from '../tests/fixtures.js';
import { createSlots, type Ticket } from './slots.js';

const answers = (ticket: Ticket): { granted: boolean | null } => {
  const seen = { granted: ticket.granted === true ? true : (null as boolean | null) };
  if (ticket.granted !== true)
    void ticket.granted.then((granted) => {
      seen.granted = granted;
    });
  return seen;
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the slots of a webhook', () => {
  it('let at most max_in_flight through at once and hand on a place in the order of asking', async () => {
    const slots = createSlots(60_000);
    const seen = Array.from({ length: 4 }, () => answers(slots.take('w', 2)));
    expect(seen.map((each) => each.granted)).toEqual([true, true, null, null]);
    slots.release('w');
    await settle();
    expect(seen.map((each) => each.granted)).toEqual([true, true, true, null]);
    slots.release('w');
    await settle();
    expect(seen.map((each) => each.granted)).toEqual([true, true, true, true]);
  });

  it('pass over whoever gave up, and do not lose the place by it', async () => {
    const slots = createSlots(60_000);
    slots.take('w', 1);
    const gone = slots.take('w', 1);
    const goneSeen = answers(gone);
    const next = answers(slots.take('w', 1));
    gone.giveUp();
    slots.release('w');
    await settle();
    expect([goneSeen.granted, next.granted]).toEqual([false, true]);
    slots.release('w');
    expect(slots.take('w', 1).granted).toBe(true);
  });

  it('once closed, give nobody a place who would have to wait for it', async () => {
    const slots = createSlots(60_000);
    slots.take('w', 1);
    const [before, other] = [answers(slots.take('w', 1)), answers(slots.take('v', 1))];
    slots.close();
    const after = answers(slots.take('w', 1));
    await settle();
    expect([before.granted, other.granted, after.granted]).toEqual([false, true, false]);
    slots.release('w');
    expect(slots.take('w', 1).granted).toBe(true);
  });

  it('are slow as long as one request is, and then until another one was answered in time', () => {
    const slots = createSlots(60_000);
    slots.take('w', 2);
    slots.take('w', 2);
    slots.markSlow('w');
    slots.markSlow('w');
    slots.answeredInTime('w');
    slots.release('w');
    slots.unmarkSlow('w');
    expect([slots.isSlow('w'), slots.isSlow('other')]).toEqual([true, false]);
    slots.release('w');
    slots.markSlow('w');
    slots.unmarkSlow('w');
    slots.unmarkSlow('w');
    expect(slots.isSlow('w')).toBe(true);
    slots.answeredInTime('w');
    expect(slots.isSlow('w')).toBe(false);
  });

  it('are tried again after a while, even if no answer in time was seen', () => {
    jest.useFakeTimers(fakeTime);
    const slots = createSlots(1_000);
    slots.take('w', 1);
    slots.markSlow('w');
    jest.advanceTimersByTime(5_000);
    slots.release('w');
    slots.unmarkSlow('w');
    jest.advanceTimersByTime(999);
    expect(slots.isSlow('w')).toBe(true);
    jest.advanceTimersByTime(1);
    expect(slots.isSlow('w')).toBe(false);
    jest.useRealTimers();
  });

  it('let few through to a webhook that is untried, and all that may be under way once it has answered in time', async () => {
    const slots = createSlots(60_000);
    const seen = Array.from({ length: 8 }, () => answers(slots.take('w', 5, 2)));
    const granted = () => seen.filter((each) => each.granted === true).length;
    expect(granted()).toBe(2);
    slots.release('w');
    await settle();
    expect(granted()).toBe(3);
    slots.answeredInTime('w');
    await settle();
    expect(granted()).toBe(6);
    slots.release('w');
    await settle();
    expect([granted(), slots.take('w', 5, 2).granted === true]).toEqual([7, false]);
    expect(slots.take('other', 5).granted).toBe(true);
  });

  it('do what a counter and a line of people would do', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const), webhook: fc.nat(1) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), webhook: fc.nat(1) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('giveUp' as const), pick: fc.nat(50) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), async (inFlightMax, steps) => {
        const slots = createSlots(60_000);
        type Person = { webhook: number; expected: boolean | null; ticket: Ticket; seen: { granted: boolean | null } };
        const people: Person[] = [];
        const inFlight = [0, 0];
        const nextInLine = (webhook: number) => people.find((each) => each.webhook === webhook && each.expected === null);
        for (const each of steps) {
          if (each.kind === 'take') {
            const ticket = slots.take(`w${each.webhook}`, inFlightMax);
            const isFree = (inFlight[each.webhook] ?? 0) < inFlightMax;
            if (isFree) inFlight[each.webhook] = (inFlight[each.webhook] ?? 0) + 1;
            people.push({ webhook: each.webhook, expected: isFree ? true : null, ticket, seen: answers(ticket) });
          } else if (each.kind === 'release') {
            if (inFlight[each.webhook] === 0) continue;
            slots.release(`w${each.webhook}`);
            const next = nextInLine(each.webhook);
            if (next === undefined) inFlight[each.webhook] = (inFlight[each.webhook] ?? 0) - 1;
            else next.expected = true;
          } else {
            const person = people[each.pick % Math.max(1, people.length)];
            if (person === undefined) continue;
            person.ticket.giveUp();
            // Too late for those who have a place: they give it back with release.
            person.expected ??= false;
          }
          await Promise.resolve().then(() => undefined);
          expect(people.map((person) => person.seen.granted)).toEqual(people.map((person) => person.expected));
        }
      }),
    );
  });
});
