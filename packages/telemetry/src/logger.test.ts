import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Logger as PinoLogger } from 'pino';
import { logLimits } from './loggable.js';
import { createLogger } from './logger.js';

/** A logger whose lines are kept as they were written. */
const collect = () => {
  const written: string[] = [];
  // As JavaScript could call it: with anything.
  const logger = createLogger({
    level: 'trace',
    role: 'test',
    pretty: false,
    destination: { write: (line) => void written.push(line) },
  }) as unknown as PinoLogger;
  const last = () => JSON.parse(written.at(-1) ?? '') as Record<string, unknown>;
  return { logger, written, last };
};

const isOneLine = (written: string): boolean => /^[^\p{Cc}\u2028\u2029]*\n$/u.test(written) && typeof JSON.parse(written) === 'object';

describe('a line of the log', () => {
  it.each([
    ['a line break', 'a\r\n{"level":60,"msg":"forged"}'],
    ['an escape sequence', '\u001b[2J\u001b]0;title\u0007'],
    ['separators of lines', 'a\u2028b\u2029c\u0085d'],
    ['a change of direction', '\u202eabc\u2066'],
    ['half of a character', '\ud800'],
    ['a NUL', 'a\u0000b'],
    ['a quotation mark and a backslash', '"\\",'],
    ['a million characters', 'x'.repeat(1_000_000)],
  ])('is one JSON object with %s', (_what, text) => {
    const { logger, written } = collect();
    logger.info({ text, [text]: 1, list: [text], deep: { deep: { text } }, err: new Error(text) }, text);
    logger.error(new Error(text));
    logger.warn(text);
    expect(written.map(isOneLine)).toEqual([true, true, true]);
    expect(written.every(({ length }) => length <= logLimits.lineCharsMax)).toBe(true);
    expect(written.join('')).not.toContain('"level":60');
  });

  it('is one whatever is logged', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }),
        fc.string({ unit: 'binary' }),
        (value, text) => {
          const { logger, written } = collect();
          logger.info({ value, text }, text);
          expect(written.map(isOneLine)).toEqual([true]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('says how much of it was cut', () => {
    const { logger, last } = collect();
    logger.info({ text: 'x'.repeat(logLimits.textCharsMax + 7) }, 'event.name');
    expect(last().text).toBe(`${'x'.repeat(logLimits.textCharsMax)}… (7 more)`);
    logger.warn({ texts: Array.from({ length: 50 }, () => 'x'.repeat(2_000)) }, 'event.name');
    expect(last()).toEqual({
      level: 40,
      time: expect.any(String),
      role: 'test',
      pid: process.pid,
      msg: 'event.name',
      cut_chars: expect.any(Number),
    });
  });

  it('is one of circles and of members that throw', () => {
    const { logger, last } = collect();
    const circle: Record<string, unknown> = {
      get broken() {
        throw new Error('no');
      },
    };
    circle.circle = circle;
    logger.info({ circle }, 'event.name');
    expect(last()).toMatchObject({ msg: 'event.name', circle: { broken: '…' } });
  });
});

describe('an error in the log', () => {
  it('says what it is, where it comes from and what caused it', () => {
    const { logger, last } = collect();
    const cause = Object.assign(new RangeError('the reason'), { code: 'ECONNREFUSED', syscall: 'connect', port: 5432 });
    logger.error({ err: new Error('it failed', { cause }), doing: 'flush' }, 'worker.error');
    const { err } = last() as { err: Record<string, unknown> };
    expect(err).toMatchObject({ type: 'Error', message: 'it failed', stack: expect.stringMatching(/^at /) });
    expect(err.cause).toMatchObject({ type: 'RangeError', message: 'the reason', code: 'ECONNREFUSED', syscall: 'connect', port: 5432 });
    logger.error({ err: new AggregateError([new Error('one'), 'two'], 'both') }, 'worker.error');
    expect(last().err).toMatchObject({ message: 'both', errors: [{ message: 'one' }] });
  });

  it('carries nothing of what drivers hang on it', () => {
    const { logger, written } = collect();
    const secret = 'c4n4ry-of-this-test';
    const members = {
      detail: `Failing row contains (${secret})`,
      where: secret,
      command: { name: 'auth', args: [secret] },
      input: secret,
      parameters: [secret],
      config: { headers: { authorization: secret } },
    };
    const database = { severity: 'ERROR', code: '22P02', routine: 'string_to_uuid' };
    logger.error({ err: Object.assign(new Error('no'), members), errors: [Object.assign(new Error('no'), members)] }, 'queue.error');
    logger.error({ err: Object.assign(new Error(`invalid input syntax for type uuid: "${secret}"`), database) }, 'request.failed');
    expect(written.join('')).not.toContain(secret);
    expect(written[1]).toContain('invalid input syntax for type uuid');
    expect(written[1]).toContain('string_to_uuid');
  });
});

describe('secrets in the log', () => {
  it.each([
    ['ph_live_0123456789abcdef_ABCDEFGHIJKLMNOPQRSTUVWXYZ012345abcdef', 'ph_live_<hidden>'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_<hidden>'],
    ['authorization: Bearer abcdefgh12345678', 'authorization: Bearer <hidden>'],
    ['connect to postgresql://posthorn:p%40ss@db.example:5432/posthorn', 'connect to postgresql://<hidden>@db.example:5432/posthorn'],
    ['redis://:pass@word@127.0.0.1:6379', 'redis://<hidden>@127.0.0.1:6379'],
    ['https://hooks.example/in?token=abc&b=c and', 'https://hooks.example/in?<hidden> and'],
  ])('%s is %s', (text, shown) => {
    const { logger, last } = collect();
    logger.info({ text, err: new Error(text) }, text);
    expect(last()).toMatchObject({ text: shown, msg: shown, err: { message: shown } });
  });

  it('are hidden under their names', () => {
    const { logger, last } = collect();
    logger.info({ password: 'a', headers: { authorization: 'b' } }, 'event.name');
    expect(last()).toMatchObject({ password: '<hidden>', headers: { authorization: '<hidden>' } });
  });
});
