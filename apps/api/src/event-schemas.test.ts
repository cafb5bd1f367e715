import { describe, expect, it } from '@jest/globals';
import { createEventSchemas, createPatientJudge } from './event-schemas.js';
import type { DataVerdict } from './event-schemas-compiler.js';
import { limits } from './limits.js';

/** A catalogue that counts how often it is read. */
const open = () => {
  const types = new Map<string, { version: string; schema: string }>();
  const reads = { lists: 0, schemas: 0 };
  let isAway = false;
  let nowMs = 0;
  const schemas = createEventSchemas({
    listVersions: async () => {
      reads.lists += 1;
      if (isAway) throw new Error('away');
      return [...types].map(([name, { version, schema }]) => ({ name, version, bytes: schema.length }));
    },
    readSchema: async (_, name) => {
      reads.schemas += 1;
      if (isAway) throw new Error('away');
      return types.get(name)?.schema ?? null;
    },
    nowMs: () => nowMs,
  });
  return {
    reads,
    schemas,
    write: (name: string, version: string, schema: object) => types.set(name, { version, schema: JSON.stringify(schema) }),
    remove: (name: string) => types.delete(name),
    setAway: (away: boolean) => {
      isAway = away;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    judge: async (name: string, data: unknown, environmentId = 'e') => (await schemas.find(environmentId, name))?.(data, 10).kind ?? null,
  };
};

describe('the schemas that a process knows', () => {
  it('are read once, however many events come at once, and again when they are old', async () => {
    const { reads, write, judge, pass } = open();
    write('a', '1', { type: 'string' });
    expect(await Promise.all(Array.from({ length: 50 }, () => judge('a', 'x')))).toEqual(Array(50).fill('fits'));
    expect(await judge('b', 'x')).toBeNull();
    expect(reads).toEqual({ lists: 1, schemas: 1 });
    pass(limits.schemasCacheMs);
    expect(await judge('a', 1)).toBe('differs');
    expect(reads).toEqual({ lists: 2, schemas: 1 });
    expect(await judge('a', 1, 'another')).toBe('differs');
    expect(reads).toEqual({ lists: 3, schemas: 2 });
  });

  it('are those of at most five seconds ago: new, changed and gone', async () => {
    const { write, remove, judge, pass } = open();
    expect(limits.schemasCacheMs).toBeLessThan(5_000);
    expect(await judge('a', 1)).toBeNull();
    for (const [type, expected] of [
      ['string', 'differs'],
      ['integer', 'fits'],
    ]) {
      write('a', `of ${type}`, { type });
      pass(limits.schemasCacheMs);
      expect(await judge('a', 1)).toBe(expected);
    }
    remove('a');
    expect(await judge('a', 'x')).toBe('differs');
    pass(limits.schemasCacheMs);
    expect(await judge('a', 'x')).toBeNull();
  });

  it('are read anew after a change in this process', async () => {
    const { schemas, write, judge } = open();
    expect(await judge('a', 1)).toBeNull();
    write('a', '1', { type: 'string' });
    schemas.forget('e');
    expect(await judge('a', 1)).toBe('differs');
  });

  it('are asked for again after a failure', async () => {
    const { write, judge, setAway } = open();
    write('a', '1', { type: 'string' });
    setAway(true);
    await expect(judge('a', 1)).rejects.toThrow('away');
    setAway(false);
    expect(await judge('a', 1)).toBe('differs');
  });

  it('that do not compile leave events unchecked, and are not compiled for each of them', async () => {
    const { reads, write, judge } = open();
    write('a', '1', { type: 'nothing' });
    expect([await judge('a', 1), await judge('a', 1)]).toEqual(['unchecked', 'unchecked']);
    expect(reads.schemas).toBe(1);
  });
});

describe('a schema that is too slow', () => {
  it('several times within a while is left alone for a while, whatever came in between', () => {
    let nowMs = 0;
    let calls = 0;
    const judge = createPatientJudge(
      (data): DataVerdict => {
        calls += 1;
        return data === 'slow' ? { kind: 'unchecked', why: 'slow' } : { kind: 'fits' };
      },
      () => nowMs,
    );
    const kinds = (...data: string[]) => data.map((each) => judge(each, 1).kind);
    expect(kinds('slow', 'slow')).toEqual(['unchecked', 'unchecked']);
    nowMs += limits.schemaSlowPauseMs + 1;
    expect(kinds('slow', 'fast', 'slow', 'fast', 'slow')).toEqual(['unchecked', 'fits', 'unchecked', 'fits', 'unchecked']);
    expect(calls).toBe(7);
    expect(kinds('fast', 'slow')).toEqual(['unchecked', 'unchecked']);
    expect(calls).toBe(7);
    nowMs += limits.schemaSlowPauseMs;
    expect(kinds('fast')).toEqual(['fits']);
  });
});
