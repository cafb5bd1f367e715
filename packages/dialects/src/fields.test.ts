import { describe, expect, it } from '@jest/globals';
import { isJsonObject } from '@posthorn/core';
import fc from 'fast-check';
import { dialects } from '../tests/bodies.js';
import { newRules, right, shown, stored } from '../tests/stored.js';
import type { Field } from './fields.js';

/** Every path of an object that the table speaks of: an object's members have rows of their own if one of them has. */
const pathsOf = (value: unknown, fields: readonly Field[], path = ''): readonly string[] => {
  const hasRows = path === '' || fields.some(({ theirs }) => theirs.startsWith(`${path}.`));
  const inner =
    isJsonObject(value) && hasRows
      ? Object.entries(value).flatMap(([name, member]) => pathsOf(member, fields, path === '' ? name : `${path}.${name}`))
      : [];
  return path === '' ? inner : [path, ...inner];
};

/** The body with one member of the resource set, or left out if there is no value. */
const withMember = (name: string, body: unknown, theirs: string, ...value: readonly unknown[]): unknown => {
  const copy = structuredClone(body);
  const path = name === '001' ? ['data', ...theirs.split('.')] : theirs.split('.');
  const last = path.pop() as string;
  let object = copy as Record<string, unknown>;
  for (const part of path) {
    object[part] ??= {};
    object = object[part] as Record<string, unknown>;
  }
  if (value.length > 0) object[last] = value[0];
  else delete object[last];
  return copy;
};
const junk = [5, 'text', null, { a: 1 }, []];

describe.each(dialects.map(({ dialect, bodies }) => [dialect.name, dialect, bodies] as const))(
  'the table of dialect %s',
  (_name, dialect, bodies) => {
    it('has a row for everything that is shown, and shows everything but wishes and what clients send of their own', () => {
      const webhooks = fc.sample(bodies, { numRuns: 100, seed: 1 }).map((body) => stored(dialect.read(body, newRules)));
      const paths = new Set(webhooks.flatMap((webhook) => pathsOf(shown(dialect, webhook, 'secret'), dialect.fields)));
      const rows = dialect.fields.map(({ theirs }) => theirs);
      expect(new Set(rows).size).toBe(rows.length);
      expect([...paths].sort()).toEqual(
        rows.filter((row) => !/\.(_disable|_enable|_reset_circuit|last_event_callbacks)$/.test(row)).sort(),
      );
    });

    it('takes every member that it shows as one that may be written', () => {
      fc.assert(
        fc.property(bodies, (body) => {
          const object = shown(dialect, stored(dialect.read(body, newRules)), null);
          const reading = dialect.read(dialect.name === '001' ? { data: object } : object, newRules);
          expect(reading).toMatchObject({ ok: true });
        }),
      );
    });

    it('says truly what is ignored, what is required, and what is never changed', () => {
      const asChange = { ...newRules, isNew: false };
      const text = 'x'.repeat(20);
      for (const body of fc.sample(bodies, { numRuns: 20, seed: 2 })) {
        const reading = dialect.read(body, newRules);
        const change = { ...asChange, before: stored(reading) };
        for (const { theirs, ours, access, isRequired } of dialect.fields) {
          // The one that is not ignored: another's is refused.
          if (access === 'read' && theirs !== 'environment_id')
            for (const value of junk) expect(dialect.read(withMember(dialect.name, body, theirs, value), newRules)).toEqual(reading);
          const without = dialect.read(withMember(dialect.name, body, theirs), newRules);
          const missing = without.ok ? [] : without.errors.filter(({ code }) => code === 'missing_field');
          if (ours !== 'tenant') expect([theirs, missing.length]).toEqual([theirs, isRequired ? 1 : 0]);
          if (access !== 'create') continue;
          const changed = dialect.read(withMember(dialect.name, body, theirs, text), change);
          expect(changed.ok ? Object.keys(changed.webhook) : []).not.toContain(ours);
        }
      }
    });

    it('names the member that is ours where the value is ours as it stands', () => {
      for (const { theirs, ours } of dialect.fields.filter(({ access, isTurned }) => access === 'write' && !isTurned)) {
        const value = ours === 'is_active' || ours?.startsWith('notification.') ? true : /s$/.test(ours ?? '') ? ['text'] : 'text';
        const base = dialect.name === '001' ? { data: { type: 'webhooks', attributes: {} } } : {};
        const body = withMember(dialect.name, base, theirs, value);
        const { webhook } = right(dialect.read(body, { ...newRules, isNew: false }));
        expect(webhook).toEqual(withMember('ours', {}, ours ?? '', value));
      }
    });

    it('finds a place for errors of each of ours that it writes, and the whole for others', () => {
      const written = dialect.fields.filter(({ ours, access }) => ours !== null && access !== 'read' && !ours.includes('.'));
      const places = dialect.fields.map(({ theirs }) => theirs.replaceAll('.', '/'));
      for (const { ours } of written) expect(places).toContain(dialect.placeOf(`/${ours}`).replace(/^\/(data\/)?/, ''));
      expect(dialect.placeOf('/filter')).toBe(dialect.name === '001' ? '/data/attributes' : '');
    });
  },
);
