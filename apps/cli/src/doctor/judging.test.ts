// What is said of servers as they are: pure rules over facts.
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@posthorn/config';
import type { PoolerTraps, ServerSettings } from '@posthorn/db';
import type { RedisFacts } from '@posthorn/queue';
import type { Check } from './check.js';
import { judgePooler, judgeSettings } from './database-checks.js';
import { judgeRedis } from './queue-checks.js';

const verdicts = (checks: readonly Check[]): readonly string[] => checks.map(({ verdict }) => verdict);

const settings: ServerSettings = {
  version: '16.4',
  major: 16,
  fsync: true,
  fullPageWrites: true,
  synchronousCommit: 'on',
  isStandby: false,
  isReadOnly: false,
  connectionsMax: 100,
  clockAheadMs: 0,
};
const config = readConfig({ REDIS_URL: 'redis://127.0.0.1' });

describe('a Postgres server', () => {
  it('that keeps what it commits is well, and it is told for how many processes it has connections', () => {
    expect(judgeSettings(settings, config)).toEqual([
      {
        name: 'postgres',
        verdict: 'ok',
        sentence: 'Postgres 16.4 answers and keeps what it commits, with connections for 5 processes',
        fix: null,
      },
    ]);
  });

  it.each<[string, Partial<ServerSettings>, readonly string[], RegExp]>([
    ['is too old', { major: 12, version: '12.1' }, ['problem'], /15 or newer/],
    ['is a standby', { isStandby: true, isReadOnly: true }, ['problem'], /primary/],
    ['is read only', { isReadOnly: true }, ['problem'], /default_transaction_read_only/],
    ['writes nothing for sure', { fsync: false }, ['problem'], /fsync = on/],
    ['may tear pages', { fullPageWrites: false }, ['ok', 'warning'], /full_page_writes = on/],
    ['does not wait for the disk', { synchronousCommit: 'off' }, ['problem'], /synchronous_commit = on/],
    ['has few connections', { connectionsMax: 20 }, ['ok', 'warning'], /max_connections/],
  ])('that %s is told with what helps', (_, changed, expected, fix) => {
    const found = judgeSettings({ ...settings, ...changed }, config);
    expect(verdicts(found)).toEqual(expected);
    expect(found.at(-1)?.fix).toMatch(fix);
  });

  it('that is well in everything that a standby elsewhere waits for is well, too', () => {
    expect(verdicts(judgeSettings({ ...settings, synchronousCommit: 'remote_apply' }, config))).toEqual(['ok']);
  });
});

describe('a pooler', () => {
  const none: PoolerTraps = { sharesSessions: false, dropsSettings: false, mixesStatements: false };

  it('that shares sessions is no trouble for what keeps none', () => {
    expect(judgePooler('DATABASE_URL', none)).toEqual([]);
    expect(judgePooler('DATABASE_URL', { ...none, sharesSessions: true })).toEqual([]);
  });

  it('that mixes up statements is a problem, and one that drops settings a warning', () => {
    expect(verdicts(judgePooler('DATABASE_URL', { ...none, mixesStatements: true }))).toEqual(['problem']);
    expect(verdicts(judgePooler('DATABASE_URL', { ...none, dropsSettings: true }))).toEqual(['warning']);
  });
});

describe('a Redis', () => {
  const facts = (changed: Partial<RedisFacts> = {}): RedisFacts => ({
    address: 'redis:6379',
    version: '7.2.4',
    isTooOld: false,
    isOld: false,
    isReplica: false,
    maxmemoryPolicy: 'noeviction',
    usedBytes: 1_048_576,
    maxBytes: 104_857_600,
    isFull: false,
    persistence: { appendOnly: true, snapshots: '', lastSaved: true },
    ...changed,
  });

  it('that throws nothing away is well', () => {
    expect(judgeRedis(facts())).toEqual([
      {
        name: 'queue',
        verdict: 'ok',
        sentence: 'Redis 7.2.4 answers on redis:6379 and throws nothing away; it writes every job to disk',
        fix: null,
      },
    ]);
  });

  it.each<[string, Partial<RedisFacts>, string, RegExp]>([
    ['is too old', { isTooOld: true, version: '4.0.1' }, 'problem', /5\.0 at least/],
    ['is old', { isOld: true, version: '6.0.1' }, 'warning', /6\.2 or newer/],
    ['is a replica', { isReplica: true }, 'problem', /master/],
    ['throws keys away', { maxmemoryPolicy: 'allkeys-lru' }, 'problem', /noeviction/],
    ['is full', { isFull: true, usedBytes: 104_857_600 }, 'problem', /maxmemory/],
    ['is nearly full', { usedBytes: 90_000_000 }, 'warning', /maxmemory/],
    ['cannot save', { persistence: { appendOnly: false, snapshots: '3600 1', lastSaved: false } }, 'problem', /disk/],
  ])('that %s is told with what helps', (_, changed, verdict, fix) => {
    expect(judgeRedis(facts(changed))).toEqual([{ name: 'queue', verdict, sentence: expect.any(String), fix: expect.stringMatching(fix) }]);
  });
});
