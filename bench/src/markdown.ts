// The little Markdown that reports are made of.

export type Cell = string | number;

/** A table; a cell must not hold `|` or a line break. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
