import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, type World } from '../tests/world.js';
import type { AuditEntry } from './audit.js';
import {
  changeEventType,
  deleteEventType,
  type EventTypeFields,
  findEventType,
  insertEventType,
  listEventSchemaVersions,
  listEventTypes,
} from './event-types.js';
import { createDatabase, type Database } from './pools.js';

let world: World;
let db: Database;
beforeAll(async () => {
  world = await createWorld();
  db = createDatabase({ url: world.url, max: 2, applicationName: 'test', onError: () => undefined });
});
afterAll(async () => {
  await db.destroy();
  await world.drop();
});

const none: EventTypeFields = { description: null, schema: null, example: null };
const placeOf = (name: string) => ({ environmentId: world.environmentId, name });
const entryOf = (name: string, action: string): AuditEntry => ({
  environmentId: world.environmentId,
  tenantId: null,
  actorKeyId: randomUUID(),
  actor: 'admin',
  action: `event_type.${action}`,
  subjectKind: 'event_type',
  subjectId: name,
});
const insert = (name: string, fields: Partial<EventTypeFields> = {}, typesMax = 100) =>
  insertEventType(db, placeOf(name), { ...none, ...fields }, typesMax, entryOf(name, 'created'));
const change = (name: string, fields: Partial<EventTypeFields>) =>
  changeEventType(db, placeOf(name), () => ({ fields: { ...none, ...fields }, entry: entryOf(name, 'changed') }));
const actions = async (name: string) =>
  (await world.rows<{ action: string }>('select action from audit_log where subject_id = $1 order by id', [name])).map((row) => row.action);
const versionOf = async (name: string) => (await listEventSchemaVersions(db, world.environmentId)).find((each) => each.name === name);

describe('the catalogue', () => {
  it('writes down what was done, and nothing of what was not', async () => {
    expect(await insert('full', {}, 0)).toBe('full');
    expect(await insert('a')).toMatchObject({ name: 'a', schema: null });
    expect(await insert('a')).toBe('taken');
    expect(await changeEventType(db, placeOf('a'), () => null)).toMatchObject({ name: 'a' });
    const refused = changeEventType(db, placeOf('a'), () => {
      throw new Error('refused');
    });
    await expect(refused).rejects.toThrow('refused');
    expect(await change('missing', {})).toBeUndefined();
    expect(await deleteEventType(db, placeOf('missing'), entryOf('missing', 'deleted'))).toBe(false);
    expect(await deleteEventType(db, placeOf('a'), entryOf('a', 'deleted'))).toBe(true);
    expect(await findEventType(db, placeOf('a'))).toBeUndefined();
    expect([await actions('a'), await actions('full'), await actions('missing')]).toEqual([
      ['event_type.created', 'event_type.deleted'],
      [],
      [],
    ]);
  });

  it('gives a schema a later version with every change, even if the clock goes back', async () => {
    await insert('b', { schema: '{"type":"string"}' });
    await world.pool.query(`update event_types set updated_at = now() + interval '1 h' where name = 'b'`);
    const versions = [(await versionOf('b'))?.version];
    for (let i = 0; i < 3; i++) {
      await change('b', { schema: `{"maximum":${i}}` });
      versions.push((await versionOf('b'))?.version);
    }
    const ordered = await world.rows<{ n: number }>(
      'select n from unnest($1::timestamptz[]) with ordinality as t (v, n) order by v, n desc',
      [versions],
    );
    expect(ordered.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
    expect((await versionOf('b'))?.bytes).toBe('{"maximum":2}'.length);
    await change('b', { schema: null });
    expect(await versionOf('b')).toBeUndefined();
  });

  it('is in the order of bytes, whatever the order of the database', async () => {
    await world.pool.query('alter table event_types alter column name type text collate "en-x-icu"');
    const names = ['Z', 'a.b', 'a1', 'aB', 'a_b'];
    for (const name of ['aB', 'a_b', 'Z', 'a1', 'a.b']) await insert(`order.${name}`);
    const rows = await listEventTypes(db, { environmentId: world.environmentId, pattern: 'order.*', afterName: null, limit: 10 });
    expect(rows.map(({ name }) => name)).toEqual(names.map((name) => `order.${name}`));
  });
});
