// Where a command writes: lines to standard output, remarks and errors to standard error. Whatever others sent us passes
// through `printable` first, so that nobody's request can drive the terminal.

export type Terminal = {
  /** One or more lines of result. */
  print(text: string): void;
  /** A line that is not the result: a warning, an error, a hint. */
  warn(text: string): void;
};

/** The terminal of this process. A reader that goes away, as `head` does, ends the process without an error. */
export function processTerminal(): Terminal {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return {
    print: (text) => {
      process.stdout.write(`${text}\n`);
    },
    warn: (text) => {
      process.stderr.write(`${text}\n`);
    },
  };
}

/** The text with its control characters shown as `\u001b`; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) =>
    character === '\n' || character === '\t' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
