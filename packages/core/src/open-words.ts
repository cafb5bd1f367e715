// What a process that stops has not done yet, in words.

/** `name: count` of everything of which there is some. */
export const openWords = (counts: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name}: ${count}`);
