// The words of explain: values, times and lists as they stand in a sentence, and what a webhook asked for in vain.
import type { NoMatch } from './match.js';
import { formatRfc3339 } from './rfc3339.js';

/** A value whose JSON is longer is shown as the beginning of its text. */
export const explainedValueCharsMax = 1000;
const quotedCharsMax = 120;
const listedMax = 10;

/** What findings are put into words with. */
export const explainWords = {
  at,
  cut: (text: string): string => cut(text, quotedCharsMax),
  missSentence,
  shortened,
  time: formatRfc3339,
  timeOrNull,
} as const;

/** What the filter's operators ask for, before their operand. */
const wants: Readonly<Record<string, string>> = {
  $eq: '',
  $neq: 'anything but ',
  $gt: 'more than ',
  $gte: 'at least ',
  $lt: 'less than ',
  $lte: 'at most ',
  $in: 'one of ',
  $nin: 'none of ',
  $startsWith: 'a text that begins with ',
  $endsWith: 'a text that ends with ',
  $or: 'one of the conditions ',
  $and: 'all of the conditions ',
  $not: 'that this does not hold: ',
};

function missSentence(reason: NoMatch['reason'], clause: string | null, expected: unknown, value: unknown): string {
  switch (reason) {
    case 'event_type': {
      const types = expected as readonly string[];
      if (types.length > 0) return `The webhook wants the event types ${listed(types)}, and the event is of the type ${value}.`;
      return `The webhook names no event types, so it gets none of Posthorn's own; the event is of the type ${value}.`;
    }
    case 'project_flow': {
      const flows = value as readonly string[];
      const has = flows.length === 0 ? 'none' : listed(flows);
      return `The webhook wants the project flows ${listed(expected as readonly string[])}, and the event has ${has}.`;
    }
    case 'context':
      return `The context's clause ${clause} wants ${Array.isArray(expected) ? 'one of ' : ''}${quoted(expected)}, and the event has ${quoted(value)}.`;
    case 'filter':
      return `The filter's clause ${clause === '' ? 'as a whole' : clause} wants ${wanted(clause ?? '', expected)}, and the event has ${quoted(value)}.`;
  }
}

function wanted(clause: string, expected: unknown): string {
  const operator = clause.slice(clause.lastIndexOf('/') + 1);
  if (operator === '$exist') return expected === true ? 'something there' : 'nothing there';
  return `${Object.hasOwn(wants, operator) ? wants[operator] : ''}${quoted(expected)}`;
}

function at(timeMs: number | null): string {
  return timeMs === null ? '' : ` at ${formatRfc3339(timeMs)}`;
}

function timeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : formatRfc3339(timeMs);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, listedMax).join(', ');
  return names.length > listedMax ? `${shown} and ${names.length - listedMax} more` : shown;
}

function quoted(value: unknown): string {
  return value === undefined ? 'nothing there' : cut(JSON.stringify(value), quotedCharsMax);
}

/** As it is shown: null where there is nothing, text where there is too much. */
function shortened(value: unknown): unknown {
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  return text.length > explainedValueCharsMax ? cut(text, explainedValueCharsMax) : value;
}

/** Not through the middle of a character. */
function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  return `${text.slice(0, charsMax).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
