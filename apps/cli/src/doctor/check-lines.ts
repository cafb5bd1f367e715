// The doctor's findings as lines for people: a mark, the name, the sentence, and below what is not well what puts it right.
import type { Check, Verdict } from './check.js';

const marks: Readonly<Record<Verdict, string>> = { ok: '✓', warning: '!', problem: '✗' };

/** One or two lines: `✗ name  sentence`, and the fix indented below it. @param nameChars how wide the column of names is */
export const checkLines = ({ name, verdict, sentence, fix }: Check, nameChars: number): readonly string[] => {
  const indent = ' '.repeat(nameChars + 4);
  return [`${marks[verdict]} ${name.padEnd(nameChars)}  ${sentence}`, ...(fix === null ? [] : [`${indent}→ ${fix}`])];
};

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** The last line. */
export const summaryLine = (checks: readonly Check[]): string => {
  const of = (verdict: Verdict): number => checks.filter((check) => check.verdict === verdict).length;
  const problems = of('problem');
  const warnings = of('warning');
  if (problems + warnings === 0) return `All is well (${counted(checks.length, 'check', 'checks')}).`;
  const parts = [
    ...(problems === 0 ? [] : [counted(problems, 'problem', 'problems')]),
    ...(warnings === 0 ? [] : [counted(warnings, 'warning', 'warnings')]),
  ];
  return `${parts.join(' and ')} in ${counted(checks.length, 'check', 'checks')}.`;
};
