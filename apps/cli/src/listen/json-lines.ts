// JSON for the eye: line breaks and indentation between the tokens, the tokens themselves untouched, so that a number such as
// 12345678901234567890 or 1.0 reads as it came.

/** `text` must be valid JSON. Empty objects and lists stay on their line. */
export function indentJson(text: string): string {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let depth = 0;
  let indented = '';
  tokens.forEach((token, index) => {
    const previous = tokens[index - 1];
    const isClosing = token === '}' || token === ']';
    if (isClosing) depth--;
    const breaksBefore = isClosing ? previous !== '{' && previous !== '[' : previous === '{' || previous === '[' || previous === ',';
    if (breaksBefore) indented += `\n${'  '.repeat(depth)}`;
    indented += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth++;
  });
  return indented;
}
