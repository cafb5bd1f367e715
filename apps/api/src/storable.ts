// What Postgres stores as text and as jsonb: no U+0000, no half of a surrogate pair, no nesting that would exhaust its stack or ours; and no
// number that is read as infinite, which would be written as null.

/** Whether `text` can be stored as it is. */
export const isStorableText = (text: string): boolean => !text.includes('\0') && !/\p{Cs}/u.test(text);

/** Why a JSON value cannot be stored, or null. Walks level by level, so that no depth hurts. */
export const whyUnstorable = (value: unknown, depthMax: number): 'text' | 'number' | 'depth' | null => {
  let level: readonly unknown[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each === 'string' && !isStorableText(each)) return 'text';
      if (typeof each === 'number' && !Number.isFinite(each)) return 'number';
      if (typeof each !== 'object' || each === null) continue;
      if (depth > depthMax) return 'depth';
      for (const [key, inner] of Object.entries(each)) {
        if (!isStorableText(key)) return 'text';
        next.push(inner);
      }
    }
    level = next;
  }
  return null;
};
