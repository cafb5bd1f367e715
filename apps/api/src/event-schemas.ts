// The schemas of published events, as one process knows them: at most `schemasCacheMs` old. Which types of an environment have a schema is read
// once in that time, whatever comes meanwhile; a schema's text only when an event of its type comes, and it is compiled once for each version.
import type { EventSchemaVersion } from '@posthorn/db';
import { LRUCache } from 'lru-cache';
import { compileEventSchema, type DataVerdict, type JudgeData } from './event-schemas-compiler.js';
import { limits } from './limits.js';

export type EventSchemasDependencies = {
  readonly listVersions: (environmentId: string) => Promise<readonly EventSchemaVersion[]>;
  /** The schema of a type as JSON text; null: it has none, or there is no such type any more. */
  readonly readSchema: (environmentId: string, name: string) => Promise<string | null>;
  /** Milliseconds that only grow. */
  readonly nowMs: () => number;
};

export type EventSchemas = {
  /** The judge of the data of an event type; null: everything fits. */
  readonly find: (environmentId: string, eventType: string) => Promise<JudgeData | null>;
  /** Reads the environment anew for the next event: this process has changed it. */
  readonly forget: (environmentId: string) => void;
};

type Known = { readonly readAtMs: number; readonly versions: Promise<ReadonlyMap<string, EventSchemaVersion>> };

const unchecked = (why: string): DataVerdict => ({ kind: 'unchecked', why });

/** Judges as `judge` does, but is left alone for a while when it was too slow several times: an event may wait for it, the others must not. */
export const createPatientJudge = (judge: JudgeData, nowMs: () => number): JudgeData => {
  let slowTimes = 0;
  let firstSlowMs = 0;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  return (data, chars) => {
    if (nowMs() < pausedUntilMs) return unchecked('was too slow before');
    const verdict = judge(data, chars);
    if (verdict.kind !== 'unchecked') return verdict;
    // Counted within a while, not in a row: fast events in between are no reason to wait for the slow ones.
    if (nowMs() - firstSlowMs > limits.schemaSlowPauseMs) slowTimes = 0;
    if (slowTimes === 0) firstSlowMs = nowMs();
    slowTimes += 1;
    if (slowTimes < limits.schemaSlowTimesMax) return verdict;
    slowTimes = 0;
    pausedUntilMs = nowMs() + limits.schemaSlowPauseMs;
    return verdict;
  };
};

export const createEventSchemas = ({ listVersions, readSchema, nowMs }: EventSchemasDependencies): EventSchemas => {
  const environments = new LRUCache<string, Known>({ max: limits.schemaEnvironmentsMax });
  const judges = new LRUCache<string, Promise<JudgeData | null>>({ maxSize: limits.schemaCacheBytesMax });

  const versionsOf = (environmentId: string): Known['versions'] => {
    const known = environments.get(environmentId);
    if (known !== undefined && nowMs() - known.readAtMs < limits.schemasCacheMs) return known.versions;
    const versions = listVersions(environmentId).then((list) => new Map(list.map((each) => [each.name, each])));
    const read: Known = { readAtMs: nowMs(), versions };
    environments.set(environmentId, read);
    versions.catch(() => {
      if (environments.peek(environmentId) === read) environments.delete(environmentId);
    });
    return versions;
  };

  return {
    find: async (environmentId, eventType) => {
      const found = (await versionsOf(environmentId)).get(eventType);
      if (found === undefined) return null;
      const key = `${environmentId} ${found.version} ${eventType}`;
      const known = judges.get(key);
      if (known !== undefined) return known;
      const judge = readSchema(environmentId, eventType).then((text) => {
        if (text === null) return null;
        const compiled = compileEventSchema(JSON.parse(text));
        if (compiled.ok) return createPatientJudge(compiled.judge, nowMs);
        // It did compile where it was written: perhaps it does so again later.
        judges.set(key, judge, { size: found.bytes, ttl: limits.schemaSlowPauseMs });
        return () => unchecked(`does not compile: ${compiled.message}`);
      });
      judges.set(key, judge, { size: found.bytes });
      judge.catch(() => judges.delete(key));
      return judge;
    },
    forget: (environmentId) => {
      environments.delete(environmentId);
    },
  };
};
