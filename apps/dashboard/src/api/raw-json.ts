// JSON as it came: what reading it into numbers and objects would change (long numbers, a name twice, spaces) is kept.

/** The end of the value that begins at `start`: after it stands a comma or the end of what it is in. */
const endOfValue = (text: string, start: number): number => {
  let depth = 0;
  let isInText = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (isInText) {
      if (char === '\\') at += 1;
      else if (char === '"') isInText = false;
    } else if (char === '"') isInText = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      if (depth === 0) return at;
      depth -= 1;
    } else if (char === ',' && depth === 0) return at;
  }
  return text.length;
};

/** The members of an object, each value as its text. @param text a JSON object */
export const membersOf = (text: string): Readonly<Record<string, string>> => {
  const members: Record<string, string> = {};
  let at = text.indexOf('{') + 1;
  for (;;) {
    const nameStart = text.indexOf('"', at);
    if (nameStart === -1) return members;
    const colon = text.indexOf(':', endOfName(text, nameStart));
    const end = endOfValue(text, colon + 1);
    members[JSON.parse(text.slice(nameStart, endOfName(text, nameStart)))] = text.slice(colon + 1, end).trim();
    if (text[end] !== ',') return members;
    at = end + 1;
  }
};

const endOfName = (text: string, start: number): number => {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
};

/** A number as it was written. */
export class WrittenNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** As JSON.parse, but with numbers as they were written, where the browser tells. */
export const parseWritten = (text: string): unknown =>
  JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? new WrittenNumber(context?.source ?? String(value)) : value,
  );

/** An object of texts that are JSON already, which stand in it as they are; what is undefined is left out. */
export const objectText = (members: Readonly<Record<string, string | undefined>>): string =>
  `{${Object.entries(members)
    .filter((member): member is [string, string] => member[1] !== undefined)
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`)
    .join(',')}}`;

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The same JSON on lines of its own, two spaces a level. Nothing but the spaces between its parts is touched. */
export const indented = (text: string): string => {
  let [line, depth] = ['', 0];
  const lines: string[] = [];
  const end = () => {
    lines.push(line);
    line = '  '.repeat(depth);
  };
  let before = '';
  for (const token of text.match(tokens) ?? []) {
    const isClosing = token === '}' || token === ']';
    const isOpened = before === '{' || before === '[';
    if (isClosing) depth -= 1;
    if (isClosing ? !isOpened : isOpened || before === ',') end();
    line += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth += 1;
    before = token;
  }
  return [...lines, line].join('\n');
};
