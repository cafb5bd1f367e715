// Which servers are refused, waited for or doubted, and what is said of their errors.
import { describe, expect, it } from '@jest/globals';
import { CommandError, exitCodeOf, exitCodes } from '../exit-codes.js';
import { judgePostgres } from './judge-postgres.js';
import { judgeRedis, redisRefusal } from './judge-redis.js';
import { postgresTrouble } from './postgres-trouble.js';
import { inWords } from './start-failure.js';

const postgres = {
  ...{ version: '18.1', major: 18, fsync: true, fullPageWrites: true },
  ...{ synchronousCommit: 'on', isStandby: false, isReadOnly: false },
};
const redis = {
  address: 'a:1',
  version: '7.2.0',
  isTooOld: false,
  isOld: false,
  isReplica: false,
  maxmemoryPolicy: 'noeviction',
  isFull: false,
};

describe('a Postgres', () => {
  it('that is sound is taken', () => {
    expect(judgePostgres(postgres)).toEqual({ refusal: null, waiting: null, warnings: [] });
    for (const synchronousCommit of ['local', 'remote_write', 'remote_apply'])
      expect(judgePostgres({ ...postgres, synchronousCommit }).refusal).toBeNull();
  });

  it.each([
    [{ major: 14, version: '14.9' }, /14\.9 is too old/],
    [{ fsync: false }, /set fsync = on/],
    [{ synchronousCommit: 'off' }, /synchronous_commit = off/],
  ])('that is %j is refused', (changed, words) => {
    expect(judgePostgres({ ...postgres, ...changed }).refusal).toMatch(words);
  });

  it('that cannot be written is waited for, and one that may tear pages is warned of', () => {
    expect(judgePostgres({ ...postgres, isStandby: true, isReadOnly: true }).waiting).toMatch(/standby/);
    expect(judgePostgres({ ...postgres, isReadOnly: true }).waiting).toMatch(/default_transaction_read_only/);
    expect(judgePostgres({ ...postgres, fullPageWrites: false })).toMatchObject({
      refusal: null,
      waiting: null,
      warnings: [expect.stringMatching(/full_page_writes/)],
    });
  });
});

describe('a Redis', () => {
  it('that is sound is taken, and so is one that says nothing of its policy', () => {
    expect(judgeRedis(redis)).toEqual({ refusal: null, doubts: [] });
    expect(judgeRedis({ ...redis, maxmemoryPolicy: '' })).toEqual({ refusal: null, doubts: [] });
  });

  it.each([
    [{ isOld: true }, /is old/],
    [{ isReplica: true }, /replica/],
    [{ isFull: true }, /takes no jobs: give it more/],
    [{ maxmemoryPolicy: 'allkeys-lru' }, /throws jobs away .*allkeys-lru/],
  ])('that is %j is doubted', (changed, words) => {
    expect(judgeRedis({ ...redis, ...changed })).toEqual({ refusal: null, doubts: [expect.stringMatching(words)] });
  });

  it('is refused when it is too old, or refuses us', () => {
    expect(judgeRedis({ ...redis, version: '4.0.1', isTooOld: true }).refusal).toMatch(/4\.0\.1 at a:1 is too old/);
    expect(redisRefusal(new Error('WRONGPASS invalid username-password pair'))).toMatch(/refuses/);
    expect(redisRefusal(new Error('NOAUTH Authentication required.'))).toMatch(/asks for a password/);
    expect(redisRefusal(new Error('connect ECONNREFUSED'))).toBeNull();
  });
});

const failing = (code: string, message = code, facts = {}): Error => Object.assign(new Error(message), { code, ...facts });

describe('an error', () => {
  it.each([
    ['ECONNREFUSED', '', true, 'unavailable'],
    ['57P03', 'the database system is starting up', true, 'unavailable'],
    ['53100', 'could not extend file', true, 'unavailable'],
    ['25006', 'cannot execute INSERT in a read-only transaction', true, 'unavailable'],
    ['28P01', 'password authentication failed', false, 'configuration'],
    ['28000', 'no pg_hba.conf entry for host "::1", no encryption', false, 'configuration'],
    ['3D000', 'database "x" does not exist', false, 'configuration'],
    ['08P01', 'unsupported startup parameter: options', false, 'configuration'],
    ['SELF_SIGNED_CERT_IN_CHAIN', '', false, 'configuration'],
    ['', 'The server does not support SSL connections', false, 'configuration'],
  ])('of Postgres, %s %s, is waited for: %s; its exit is %s', (code, message, waits, exit) => {
    expect(postgresTrouble(failing(code, message))).toMatchObject({ waits, exit, text: expect.stringMatching(/^[^\n]{20,}$/) });
  });

  it('of something else stays what it is', () => {
    const other = failing('42601', 'syntax error');
    expect(postgresTrouble(other)).toBeNull();
    expect(inWords(other, 'api')).toBe(other);
    const said = new CommandError('mismatch', 'said');
    expect(inWords(said, 'api')).toBe(said);
  });

  it.each([
    ['api', failing('EADDRINUSE', 'x', { syscall: 'listen', address: '::1', port: 80 }), /port 80 of ::1 is taken.* PORT$/],
    ['worker', failing('EADDRINUSE', 'x', { syscall: 'listen', address: '::1', port: 80 }), /POSTHORN_WORKER_PORT$/],
    ['api', failing('EACCES', 'x', { syscall: 'listen', port: 80 }), /above 1023/],
    ['start', failing('EADDRNOTAVAIL', 'x', { syscall: 'listen', address: '10.9.9.9' }), /HOST/],
    ['start', failing('EACCES', 'x', { syscall: 'open', path: '/data/key' }), /^\/data\/key cannot be written .*POSTHORN_DATA_DIR$/],
    ['start', failing('ENOSPC', 'x', { syscall: 'write', path: '/data/key' }), /^the disk of \/data\/key is full/],
  ] as const)('of the machine, for %s, is told in words', (role, error, words) => {
    const told = inWords(error, role);
    expect((told as Error).message).toMatch(words);
    expect((told as Error).cause).toBe(error);
    expect(exitCodeOf(told)).toBe(exitCodes.system);
  });
});
