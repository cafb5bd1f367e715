import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { createLogger } from './logger.js';
import { type LoggedProcess, logProcess } from './process-log.js';

const start = () => {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ level: 'trace', role: 'test', pretty: false, destination });
  const ends: number[] = [];
  const it = Object.assign(new EventEmitter(), { exit: (code: number) => void ends.push(code) });
  const printed = { log: () => undefined, error: () => undefined } as unknown as Console;
  logProcess(logger, it as unknown as LoggedProcess, printed);
  return { lines, ends, it, printed };
};

it('an exception that nobody caught is a line, and the end', () => {
  const { lines, ends, it } = start();
  it.emit('uncaughtException', new Error('broken'), 'unhandledRejection');
  it.emit('uncaughtException', 'a text', 'uncaughtException');
  expect(lines).toMatchObject([
    { level: 60, msg: 'process.crashed', origin: 'unhandledRejection', err: { message: 'broken' } },
    { level: 60, msg: 'process.crashed', err: { message: 'a text' } },
  ]);
  expect(ends).toEqual([1, 1]);
});

it('warnings, and what libraries print, are lines', () => {
  const { lines, it, printed } = start();
  it.emit('warning', new Error('too many listeners'));
  printed.error('%s of %d\n\u001b[1m', 'one', 2);
  printed.log({ a: 1 });
  expect(lines).toMatchObject([
    { level: 40, msg: 'process.warning', err: { message: 'too many listeners' } },
    { level: 50, msg: 'process.printed', text: 'one of 2\\u000a\\u001b[1m' },
    { level: 30, msg: 'process.printed', text: '{ a: 1 }' },
  ]);
});
