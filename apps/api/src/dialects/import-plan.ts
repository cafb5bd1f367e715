// What an import would do, row by row, before anything is written.
import { setImmediate } from 'node:timers/promises';
import { type FieldError, ProblemError, pointerTo } from '@posthorn/core';
import { findTenant, type KeyOwner, readTakenNames, readTakenObjectIds, type TakenNames } from '@posthorn/db';
import { type Dialect, freeNames, type Renaming } from '@posthorn/dialects';
import { limits } from '../limits.js';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { type ReadWebhook, readNewWebhook } from '../webhook-making.js';
import { placedIn } from './errors.js';
import { describeIn } from './writing.js';

/** One object of the file; `read` is null if it is refused. Pointers of its errors are those of its own object. */
export type PlannedRow = {
  readonly oldId: string | null;
  readonly objectId: string | null;
  readonly isSecretKept: boolean;
  readonly read: ReadWebhook | null;
  readonly renamings: readonly Renaming[];
  readonly errors: readonly FieldError[];
};

type Deps = Pick<WebhookDependencies, 'db' | 'egress'>;

/** Judges one object by itself. @param tenant for those that name none */
const judgeRow = async (
  dialect: Dialect,
  dependencies: Deps,
  owner: KeyOwner,
  object: unknown,
  tenant: string | undefined,
): Promise<PlannedRow> => {
  const { body, objectId, oldId, hasSecret } = dialect.fromExport(object);
  const common = { oldId, objectId, isSecretKept: hasSecret, renamings: [] };
  try {
    const read = await placedIn(dialect, async () => {
      const description = describeIn(dialect, owner, body);
      const named =
        tenant === undefined || description.body.tenant !== undefined
          ? description
          : { ...description, body: { ...description.body, tenant } };
      return readNewWebhook(dependencies, owner, { ...named, ...(objectId !== null && { objectIdOf: () => objectId }) });
    });
    return { ...common, read, errors: [] };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { code, message, errors } = error;
    return { ...common, read: null, errors: errors.length > 0 ? errors : [{ pointer: '', code, message }] };
  }
};

const refused = (row: PlannedRow, message: string): PlannedRow => ({
  ...row,
  read: null,
  errors: [{ pointer: pointerTo('', '_id'), code: 'conflict', message }],
});

/** Refuses rows whose id another webhook has, or a row before them. */
const refuseTakenIds = async (
  db: WebhookDependencies['db'],
  environmentId: string,
  rows: readonly PlannedRow[],
): Promise<readonly PlannedRow[]> => {
  const wanted = rows.flatMap(({ objectId }) => objectId ?? []);
  if (wanted.length === 0) return rows;
  const taken = await readTakenObjectIds(db, environmentId, wanted);
  const seen = new Set<string>();
  return rows.map((row) => {
    if (row.objectId === null || row.read === null) return row;
    if (taken.has(row.objectId)) return refused(row, 'a webhook with this _id is here already');
    if (seen.has(row.objectId)) return refused(row, 'a row before this one has the same _id');
    seen.add(row.objectId);
    return row;
  });
};

/** Gives the rows that are not refused names and codes that are free in their tenants. */
const rename = async ({ db }: Deps, { environmentId }: KeyOwner, rows: readonly PlannedRow[]): Promise<readonly PlannedRow[]> => {
  const reads = rows.flatMap(({ read }) => read ?? []);
  const taken = new Map<string, TakenNames>();
  for (const tenantKey of new Set(reads.map((read) => read.tenantKey))) {
    const tenantId = await findTenant(db, environmentId, tenantKey);
    if (tenantId !== null) taken.set(tenantKey, await readTakenNames(db, tenantId));
  }
  const free = freeNames(
    reads.map(({ tenantKey, fields: { name, code } }) => ({ tenant: tenantKey, name, code })),
    taken,
  ).values();
  return rows.map((row) => {
    if (row.read === null) return row;
    const names = free.next().value;
    if (names === undefined) throw new RangeError('a row has no names');
    const { name, code, renamings } = names;
    return { ...row, read: { ...row.read, fields: { ...row.read.fields, name, code } }, renamings };
  });
};

/** What an import of these objects would do; nothing is written, and no tenant is made. */
export const planImport = async (
  dialect: Dialect,
  dependencies: Deps,
  owner: KeyOwner,
  objects: readonly unknown[],
  tenant: string | undefined,
): Promise<readonly PlannedRow[]> => {
  const judged: PlannedRow[] = [];
  for (const object of objects) {
    judged.push(await judgeRow(dialect, dependencies, owner, object, tenant));
    if (judged.length % limits.importTurnWebhooks === 0) await setImmediate();
  }
  return rename(dependencies, owner, await refuseTakenIds(dependencies.db, owner.environmentId, judged));
};
