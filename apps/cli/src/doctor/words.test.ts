// What is printed: lines, and the words of errors without secrets.
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@posthorn/config';
import fc from 'fast-check';
import { hostsOf, localUrlOf } from './address-checks.js';
import { isWell, lookWithin, ok, problem, warning } from './check.js';
import { checkLines, summaryLine } from './check-lines.js';
import { secretsOf, wordsWithout } from './error-words.js';

describe('the lines', () => {
  it('have a mark, the name, the sentence, and below it what helps', () => {
    expect(checkLines(ok('dns', 'fine'), 5)).toEqual(['✓ dns    fine']);
    expect(checkLines(warning('dns', 'late', 'wait'), 5)).toEqual(['! dns    late', '         → wait']);
    expect(checkLines(problem('dns', 'gone', 'mend it'), 5)).toEqual(['✗ dns    gone', '         → mend it']);
  });

  it('end with how many there are of each', () => {
    const [fine, late, gone] = [ok('a', ''), warning('b', '', ''), problem('c', '', '')];
    expect(summaryLine([fine])).toBe('All is well (1 check).');
    expect(summaryLine([fine, late])).toBe('1 warning in 2 checks.');
    expect(summaryLine([gone, gone, late])).toBe('2 problems and 1 warning in 3 checks.');
    expect([isWell([fine, late]), isWell([fine, gone])]).toEqual([true, false]);
  });
});

describe('a look', () => {
  const look = { name: 'queue', fix: 'start it', lookMs: 10 };
  const words = wordsWithout([]);

  it('that throws is a problem under its name', async () => {
    const found = await lookWithin({ ...look, lookMs: 60_000 }, words, () => Promise.reject(new Error('broken\nin two')));
    expect(found).toEqual([problem('queue', 'broken; in two', 'start it')]);
  });

  it('that does not end is one, too', async () => {
    const found = await lookWithin(look, words, () => new Promise(() => undefined));
    expect(found).toEqual([problem('queue', 'no answer within 0.01 s', 'start it')]);
  });
});

describe('the words of an error', () => {
  it('never hold a password or key of the configuration, however it is written', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9@:%/ é]{4,20}$/);
    fc.assert(
      fc.property(part, part, fc.string(), fc.string(), (password, other, before, after) => {
        const config = readConfig({
          DATABASE_URL: `postgres://me:${encodeURIComponent(password)}@db/x`,
          REDIS_URL: `redis://:${encodeURIComponent(other)}@redis:6379`,
        });
        const words = wordsWithout(secretsOf(config));
        const said = words(new Error(`${before}${password}${after}${encodeURIComponent(other)}`));
        // What stands around it may hold it by itself, or make it of the asterisks.
        for (const secret of [password, encodeURIComponent(other)])
          expect(said.split('***').every((piece) => !piece.includes(secret))).toBe(true);
      }),
    );
  });

  it('are those of all addresses that were tried, and at most 300 characters', () => {
    const words = wordsWithout([]);
    expect(words(new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')], ''))).toBe(
      'connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
    );
    expect(words(Object.assign(new Error(''), { code: 'ETIMEDOUT' }))).toBe('ETIMEDOUT');
    expect(words(new Error('x'.repeat(1_000)))).toHaveLength(300);
  });
});

describe('addresses', () => {
  it.each([
    ['postgres://me:p%40ss@db.internal:5432/x', ['db.internal']],
    ['redis://one:6379, two:6380,redis://[::1]:7', ['one', 'two', '::1']],
    ['postgres:///x?host=/var/run/postgresql', []],
  ])('the hosts of %s are %j', (urls, hosts) => {
    expect(hostsOf(urls)).toEqual(hosts);
  });

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:3400'],
    ['::', 'http://[::1]:3400'],
    ['localhost', 'http://localhost:3400'],
  ])('what listens on %s is reached at %s', (host, url) => {
    expect(localUrlOf(host, 3_400)).toBe(url);
  });
});
