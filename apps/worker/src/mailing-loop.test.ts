// What the loops of the mailroom do when something takes long or fails; what they do on Postgres and a mail server is in the system test.
import { describe, expect, it } from '@jest/globals';
import type { Composed, MailResult, TakenMail } from '@posthorn/db';
import { eventually } from '@posthorn/testkit';
import { createMailing, type MailingDependencies } from './mailing-loop.js';

const composed: Composed = { mails: 0, closed: 0, more: false, errors: [] };
const mail = (id: string): TakenMail => ({
  id,
  kind: 'trouble',
  address: 'a@example.com',
  subject: '',
  text: '',
  html: '',
  headers: {},
  tries: 1,
});

const start = (changes: Partial<MailingDependencies>) => {
  const seen = { errors: [] as unknown[], marked: [] as string[], composed: 0 };
  const mailing = createMailing(
    {
      findWork: async () => ({ notifications: true, digests: false }),
      composeMails: async () => {
        seen.composed += 1;
        return composed;
      },
      composeDigests: async () => composed,
      enrolDigests: async () => 0,
      expire: async () => false,
      takeMails: async () => [],
      send: async () => ({ kind: 'sent' }),
      mark: async ({ id }) => void seen.marked.push(id),
      onError: (error) => void seen.errors.push(error),
      ...changes,
    },
    { roundMs: 1, enrolMs: 1 },
  );
  mailing.start();
  return { mailing, seen };
};

describe('the mailroom of a worker', () => {
  it('composes while a mail server hangs, takes nothing more when it is stopped, and marks what was under way', async () => {
    let answer: (result: MailResult) => void = () => undefined;
    let taken = 0;
    const { mailing, seen } = start({
      takeMails: async () => [mail(`${taken++}`)],
      send: () => new Promise((resolve) => (answer = resolve)),
    });
    await eventually(() => taken === 1 && seen.composed > 5);
    let stopped = false;
    const stopping = mailing.stop().then(() => (stopped = true));
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    answer({ kind: 'sent' });
    await stopping;
    expect([taken, seen.marked]).toEqual([1, ['0']]);
  });

  it('goes on after errors, and tells them', async () => {
    const failure = new Error('no database');
    const unwritable = new Error('no words');
    let rounds = 0;
    const { mailing, seen } = start({
      findWork: async () => {
        rounds += 1;
        if (rounds === 1) throw failure;
        return { notifications: true, digests: true };
      },
      composeDigests: async () => ({ ...composed, errors: [unwritable] }),
      takeMails: async () => (seen.marked.length === 0 ? [mail('bad'), mail('good')] : []),
      mark: async ({ id }) => {
        if (id === 'bad') throw failure;
        seen.marked.push(id);
      },
    });
    await eventually(() => rounds > 3 && seen.marked.includes('good'));
    await mailing.stop();
    expect(seen.errors).toEqual(expect.arrayContaining([failure, unwritable]));
    expect(seen.composed).toBeGreaterThan(0);
  });
});
