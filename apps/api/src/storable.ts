// What Postgres stores as text and as jsonb: no U+0000, no half of a surrogate pair, and no nesting that would exhaust its stack or ours.

/** Whether `text` can be stored as it is. */
export const isStorableText = (text: string): boolean => !text.includes('\0') && !/\p{Cs}/u.test(text);

/** Why a JSON value cannot be stored, or null. Walks level by level, so that no depth hurts. */
export const whyUnstorable = (value: unknown, depthMax: number): 'text' | 'depth' | null => {
  let level: readonly unknown[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each === 'string' && !isStorableText(each)) return 'text';
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
