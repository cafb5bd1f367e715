// Arguments that are text, the name of a file (`@file`), or standard input (`-`). Bytes come through unchanged.
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

/** The bytes that the argument stands for. Throws an Error that names the option if the file cannot be read. */
export async function readArgumentBytes(argument: string, option: string): Promise<Buffer> {
  if (argument === '-') return buffer(process.stdin);
  if (!argument.startsWith('@')) return Buffer.from(argument);
  const path = argument.slice(1);
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${option}: the file ${path} cannot be read (${error.code ?? error.message})`, { cause: error });
  });
}

/** The same as text. Throws an Error if it is not UTF-8: replacing characters would publish something else. */
export async function readArgumentText(argument: string, option: string): Promise<string> {
  const bytes = await readArgumentBytes(argument, option);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Error(`${option} is not UTF-8 text`, { cause: error });
  }
}
