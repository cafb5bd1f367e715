// What the pages that are made of tables have in common.

/** A table: the words of its head, and a list of cells for each row. */
export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`).join('\n');

export const fenced = (language, text) => `\`\`\`${language}\n${text}\n\`\`\``;

/** Lists of short values stand in one line. */
const onOneLine = (text) => text.replace(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, inner) => `[${inner.replace(/\s*\n\s*/g, ' ')}]`);

export const json = (value) => fenced('json', onOneLine(JSON.stringify(value, null, 2)));

export const code = (text) => `\`${text}\``;
