// Cuts the members of an object, or the elements of a list, out of JSON text without parsing or re-serialising them.
// One pass, no recursion, no exception: whatever the text, it ends after at most one look at each character (twice for backslashes).
// It checks its own level and the nesting depth. That the insides are JSON is for JSON.parse to say, which is safe once the
// depth is known: JSON.parse of a million `[` blocks the process for half a second.
import type { JsonLimits } from './json-values.js';

/** A stretch of the text, without the white space around it. */
export type JsonRange = { readonly start: number; readonly end: number };
/** A member's decoded key and where its value stands. Duplicates are all reported. */
export type JsonMember = JsonRange & { readonly key: string };
/** Where and why the scan stopped; `count`: there are more members or elements than wanted. */
export type ScanFailure = { readonly ok: false; readonly error: 'syntax' | 'depth' | 'count'; readonly offset: number };

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * The members of the object that is `text` from `start` to `end` (white space around it allowed).
 * The object itself is nesting level 1; more than `depthMax` levels are refused, and more than `membersMax` members of its own.
 */
export function scanObject(
  text: string,
  start: number,
  end: number,
  depthMax: number,
  membersMax: number = Number.POSITIVE_INFINITY,
): { readonly ok: true; readonly members: readonly JsonMember[] } | ScanFailure {
  const members: JsonMember[] = [];
  const opening = skipSpace(text, start, end);
  if (opening >= end || text.charCodeAt(opening) !== openBrace) return failed('syntax', opening);
  if (depthMax < 1) return failed('depth', opening);
  let at = skipSpace(text, opening + 1, end);
  if (at < end && text.charCodeAt(at) === closeBrace) return atEnd(text, at + 1, end) ?? { ok: true, members };
  while (at < end) {
    if (text.charCodeAt(at) !== quote) return failed('syntax', at);
    const keyEnd = skipString(text, at, end);
    if (keyEnd < 0) return failed('syntax', at);
    const key = readKey(text, at, keyEnd);
    if (key === null) return failed('syntax', at);
    at = skipSpace(text, keyEnd, end);
    if (at >= end || text.charCodeAt(at) !== colon) return failed('syntax', at);
    const valueStart = skipSpace(text, at + 1, end);
    const valueEnd = skipValue(text, valueStart, end, depthMax - 1);
    if (valueEnd < 0) return failed(valueEnd === tooDeep ? 'depth' : 'syntax', valueStart);
    if (members.length >= membersMax) return failed('count', valueStart);
    members.push({ key, start: valueStart, end: valueEnd });
    at = skipSpace(text, valueEnd, end);
    if (at >= end) break;
    const separator = text.charCodeAt(at);
    if (separator === closeBrace) return atEnd(text, at + 1, end) ?? { ok: true, members };
    if (separator !== comma) break;
    at = skipSpace(text, at + 1, end);
  }
  return failed('syntax', at);
}

/** The elements of the list that is `text` from `start` to `end`; otherwise as `scanObject`. */
export function scanArray(
  text: string,
  start: number,
  end: number,
  depthMax: number,
  elementsMax: number = Number.POSITIVE_INFINITY,
): { readonly ok: true; readonly elements: readonly JsonRange[] } | ScanFailure {
  const elements: JsonRange[] = [];
  const opening = skipSpace(text, start, end);
  if (opening >= end || text.charCodeAt(opening) !== openBracket) return failed('syntax', opening);
  if (depthMax < 1) return failed('depth', opening);
  let at = skipSpace(text, opening + 1, end);
  if (at < end && text.charCodeAt(at) === closeBracket) return atEnd(text, at + 1, end) ?? { ok: true, elements };
  while (at < end) {
    const valueEnd = skipValue(text, at, end, depthMax - 1);
    if (valueEnd < 0) return failed(valueEnd === tooDeep ? 'depth' : 'syntax', at);
    if (elements.length >= elementsMax) return failed('count', at);
    elements.push({ start: at, end: valueEnd });
    at = skipSpace(text, valueEnd, end);
    if (at >= end) break;
    const separator = text.charCodeAt(at);
    if (separator === closeBracket) return atEnd(text, at + 1, end) ?? { ok: true, elements };
    if (separator !== comma) break;
    at = skipSpace(text, at + 1, end);
  }
  return failed('syntax', at);
}

/** Whether `text` is one JSON value of at most `depthMax` levels: `depth` and `syntax` say why not. */
export function checkJson(text: string, depthMax: number): 'ok' | 'depth' | 'syntax' {
  const start = skipSpace(text, 0, text.length);
  const end = skipValue(text, start, text.length, depthMax);
  if (end < 0) return end === tooDeep ? 'depth' : 'syntax';
  if (skipSpace(text, end, text.length) !== text.length) return 'syntax';
  try {
    JSON.parse(text);
    return 'ok';
  } catch {
    return 'syntax';
  }
}

/** As `JsonLimits`, and how many members one object may have. */
export type JsonTextLimits = JsonLimits & { readonly membersMax?: number };

/**
 * Why `text` is not to be parsed, whatever it is: more than `depthMax` levels, more than `valuesMax` members and elements of all levels together
 * (a container counts as one more, so that this errs on the safe side), or more than `membersMax` in one object. null: parsing it is cheap. Ends at
 * the first excess.
 */
export function jsonTextExcess(text: string, limits: JsonTextLimits): 'depth' | 'values' | 'members' | null {
  const { depthMax, valuesMax, membersMax = Number.POSITIVE_INFINITY } = limits;
  /** Of each object that is open, how many members it has; of a list, less than any number. */
  const open: number[] = [];
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const after = skipString(text, at, text.length);
      // A string that does not end is no JSON; the parser says so, and nothing is nested in it.
      if (after < 0) return null;
      at = after - 1;
    } else if (code === comma) {
      values++;
      const members = (open.pop() ?? 0) + 1;
      open.push(members);
      if (members > membersMax) return 'members';
    } else if (code === openBrace || code === openBracket) {
      values++;
      open.push(code === openBrace ? 1 : Number.NEGATIVE_INFINITY);
      if (open.length > depthMax) return 'depth';
    } else if (code === closeBrace || code === closeBracket) open.pop();
    if (values > valuesMax) return 'values';
  }
  return null;
}

const noValue = -1;
const tooDeep = -2;

function failed(error: ScanFailure['error'], offset: number): ScanFailure {
  return { ok: false, error, offset };
}

function atEnd(text: string, at: number, end: number): ScanFailure | null {
  const rest = skipSpace(text, at, end);
  return rest === end ? null : failed('syntax', rest);
}

function isSpace(code: number): boolean {
  return code === space || code === lineFeed || code === carriageReturn || code === tab;
}

function skipSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** The offset after the string whose opening quote is at `start`, or `noValue`. */
function skipString(text: string, start: number, end: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0 || at >= end) return noValue;
    let before = at - 1;
    while (text.charCodeAt(before) === backslash) before--;
    // An even run of backslashes before the quote escapes itself, not the quote. The run ends at the opening quote at the latest.
    if ((at - before) % 2 === 1) return at + 1;
  }
}

function readKey(text: string, start: number, end: number): string | null {
  const inner = text.slice(start + 1, end - 1);
  if (!inner.includes('\\')) return inner;
  try {
    return JSON.parse(text.slice(start, end)) as string;
  } catch {
    return null;
  }
}

/** The offset after the value at `start`, or `noValue`, or `tooDeep`. */
function skipValue(text: string, start: number, end: number, depthMax: number): number {
  if (start >= end) return noValue;
  const first = text.charCodeAt(start);
  if (first === quote) return skipString(text, start, end);
  if (first === openBrace || first === openBracket) return skipContainer(text, start, end, depthMax);
  let at = start;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code === comma || code === closeBrace || code === closeBracket || isSpace(code)) break;
    at++;
  }
  return at === start ? noValue : at;
}

/** Counts brackets without telling the two kinds apart: in JSON they pair, and JSON.parse refuses the rest. */
function skipContainer(text: string, start: number, end: number, depthMax: number): number {
  let depth = 0;
  let at = start;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = skipString(text, at, end);
      if (at < 0) return noValue;
      continue;
    }
    if (code === openBrace || code === openBracket) {
      depth++;
      if (depth > depthMax) return tooDeep;
    } else if (code === closeBrace || code === closeBracket) {
      depth--;
      if (depth === 0) return at + 1;
    }
    at++;
  }
  return noValue;
}
