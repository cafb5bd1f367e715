// What a failed command says: one line, and the exit code. Where the error comes from is for `--debug`.
import { PosthornError } from '@posthorn/client';
import { ConfigError } from '@posthorn/config';
import { withoutSecretShapes } from '@posthorn/core';
import { CommanderError } from 'commander';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { printable, type Terminal } from './terminal.js';

/** Writes the error and returns its exit code: 0 for `--help` and `--version`, which commander ends by throwing. */
export function reportFailure(error: unknown, debug: boolean, terminal: Terminal): number {
  // Commander has already written what it had to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  // What is wrong with a configuration stands below one another: it is put right one by one. It repeats no value, and its examples are to be read.
  const text = error instanceof ConfigError ? error.message : withoutSecretShapes(oneLine(error));
  terminal.warn(`error: ${printable(text)}${hintOf(error)}`);
  if (debug) terminal.warn(printable(stackOf(error)));
  return exitCodeOf(error);
}

/** Where it comes from, and what caused it. Not what else hangs on it: that of a driver's error may be a password. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { stack = String(error), cause } = error;
  return withoutSecretShapes(cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(cause)}`);
}

function hintOf(error: unknown): string {
  const isNobodyThere = error instanceof PosthornError && error.code === 'unreachable' && error.detail.includes('ECONNREFUSED');
  return isNobodyThere ? ': start it, or name another address with --url' : '';
}

/** The message of anything thrown, its line breaks replaced by `; `. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error && error.message !== '' ? error.message : String(error);
  return message
    .trim()
    .replace(/:\s*\n\s*(?:- )?/g, ': ')
    .replace(/\s*\n\s*(?:- )?/g, '; ');
}
