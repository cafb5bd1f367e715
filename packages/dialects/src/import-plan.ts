// What an import does before anything is written: the rows of a file, and names and codes for those whose own are taken.
import { isJsonObject } from '@posthorn/core';

/** The rows of a parsed file: a list, a list under `data` or `result`, or one object; null: it is none of these. */
export const rowsOf = (file: unknown): readonly unknown[] | null => {
  if (Array.isArray(file)) return file;
  if (!isJsonObject(file)) return null;
  for (const name of ['data', 'result']) {
    const rows = Object.hasOwn(file, name) ? file[name] : undefined;
    if (Array.isArray(rows)) return rows;
  }
  return [file];
};

export const nameCharsMax = 256;
export const codeCharsMax = 64;

export type Names = { readonly name: string | null; readonly code: string | null };
/** What the webhooks of one tenant are called. */
export type TakenNames = { readonly names: ReadonlySet<string>; readonly codes: ReadonlySet<string> };
export type Renaming = { readonly field: 'name' | 'code'; readonly from: string; readonly to: string };
export type RenamedNames = Names & { readonly renamings: readonly Renaming[] };

/** The first characters of a text, and not half of one that is two units long. */
const begin = (text: string, charsMax: number): string => {
  const cut = text.slice(0, charsMax);
  return text.length > charsMax && /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
};

/** What is taken, and for what was numbered already the number to try next: else ten thousand equal names would be fifty million tries. */
type Used = { readonly taken: Set<string>; readonly next: Map<string, number> };
/** Texts that begin alike for longer than this become alike when they are cut off, and share their numbers. */
const endingCharsMax = 8;

/** Itself if it is free, else numbered; taken from now on. Ends: each number makes another text. */
const takeFree = ({ taken, next }: Used, text: string, charsMax: number, ending: (number: number) => string): string => {
  let free = text;
  const beginning = begin(text, charsMax - endingCharsMax);
  for (let number = next.get(beginning) ?? 2; taken.has(free); number++) {
    const end = ending(number);
    free = begin(text, charsMax - end.length) + end;
    next.set(beginning, number + 1);
  }
  taken.add(free);
  return free;
};

/** Work orders, Work orders (2), … */
const takeName = (used: Used, name: string): string => takeFree(used, name, nameCharsMax, (number) => ` (${number})`);
/** wo_update, wo_update_2, … */
const takeCode = (used: Used, code: string): string => takeFree(used, code, codeCharsMax, (number) => `_${number}`);

const renamingsOf = (before: Names, after: Names): readonly Renaming[] =>
  (['name', 'code'] as const).flatMap((field) => {
    const [from, to] = [before[field], after[field]];
    return from === null || to === null || from === to ? [] : [{ field, from, to }];
  });

const usedOf = (taken: TakenNames | undefined) => ({
  names: { taken: new Set(taken?.names), next: new Map<string, number>() },
  codes: { taken: new Set(taken?.codes), next: new Map<string, number>() },
});

/**
 * Names and codes that are free in their tenants, for rows one after another: what a row gets is taken for those after it.
 * @param taken by tenant; one that is not named has no webhooks yet
 */
export const freeNames = (
  rows: readonly (Names & { readonly tenant: string })[],
  taken: ReadonlyMap<string, TakenNames>,
): readonly RenamedNames[] => {
  const used = new Map<string, { readonly names: Used; readonly codes: Used }>();
  return rows.map(({ tenant, ...row }) => {
    const there = used.get(tenant) ?? usedOf(taken.get(tenant));
    used.set(tenant, there);
    const after = {
      name: row.name === null ? null : takeName(there.names, row.name),
      code: row.code === null ? null : takeCode(there.codes, row.code),
    };
    return { ...after, renamings: renamingsOf(row, after) };
  });
};
