// Running a server process up to its end at a start that cannot succeed, and what it must have said then.
import { expect } from '@jest/globals';
import { type ProcessEnd, startProcess } from '@posthorn/testkit';
import { command } from './product.js';

export type StartedRole = 'api' | 'worker' | 'migrate' | 'start';
export type EndedStart = ProcessEnd & { readonly output: string };

/** Starts it and resolves when it has ended by itself. */
export const runToEnd = async (role: StartedRole, env: Readonly<Record<string, string>>): Promise<EndedStart> => {
  const process = startProcess({ args: [command, role], env, name: `posthorn ${role}` });
  const end = await process.exited;
  return { ...end, output: process.output() };
};

/** One line that begins so, and nothing of where in the program it comes from. */
export const expectSentence = ({ code, output }: EndedStart, expected: number, says: RegExp): void => {
  expect({ code, output }).toEqual({ code: expected, output: expect.stringMatching(says) });
  expect(output).not.toMatch(/^\s+at .*[:(]\d+/m);
  expect(output).not.toMatch(/unhandled|uncaught/i);
  expect(output.split('\n').filter((line) => line.startsWith('error: '))).toHaveLength(1);
};
