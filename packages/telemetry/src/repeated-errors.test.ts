import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Logger } from './logger.js';
import { createErrorLog } from './repeated-errors.js';

const collect = () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  return { lines, log: createErrorLog(logger as unknown as Logger) };
};

describe('the error log', () => {
  it('logs the first of a repeated error at once and keeps quiet about the next', () => {
    const { lines, log } = collect();
    for (let i = 0; i < 5; i++) log('worker.error', new Error('gone'), { doing: 'read gates' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 50, msg: 'worker.error', doing: 'read gates', err: { message: 'gone' } });
  });

  it('does not let one kind of error hide another', () => {
    const { lines, log } = collect();
    log('worker.error', new Error('gone'), { doing: 'read gates' });
    log('worker.error', new Error('gone'), { doing: 'schedule' });
    log('queue.error', new Error('gone'));
    expect(lines).toHaveLength(3);
  });
});
