// Event types and the patterns over them. In a pattern `*` stands for any run of characters, separators included; nothing else is special.
// Our own events (`posthorn.…`) go only to those who name them.

/** The longest event type or pattern, in characters. */
export const eventTypeCharsMax = 128;
/** Event types that begin so are ours; publishing one is refused. */
export const reservedEventTypePrefix = 'posthorn.';

const eventType = /^[A-Za-z0-9_]+(?:[.:/-][A-Za-z0-9_]+)*$/;

/** Whether `text` is an event type: words of letters, digits and `_`, joined by one of `. : / -`; at most 128 characters. */
export function isEventType(text: string): boolean {
  return text.length <= eventTypeCharsMax && eventType.test(text);
}

/** Whether `text` is an event type or a pattern that some event type can match. */
export function isEventTypePattern(text: string): boolean {
  return isEventType(text.replaceAll('*', 'x'));
}

/** Whether the event type is one of ours. */
export function isReservedEventType(text: string): boolean {
  return text.startsWith(reservedEventTypePrefix);
}

/** Whether one pattern matches the event type, our own events apart. Linear: no backtracking. */
export function matchesPattern(pattern: string, eventType: string): boolean {
  if (isReservedEventType(eventType) && !isReservedEventType(pattern)) return false;
  const firstStar = pattern.indexOf('*');
  if (firstStar < 0) return pattern === eventType;
  const lastStar = pattern.lastIndexOf('*');
  const suffixChars = pattern.length - lastStar - 1;
  const middleEnd = eventType.length - suffixChars;
  if (middleEnd < firstStar) return false;
  if (!eventType.startsWith(pattern.slice(0, firstStar)) || !eventType.endsWith(pattern.slice(lastStar + 1))) return false;
  let at = firstStar;
  // Each piece between stars is taken at its first place: whatever matches with a later place also matches with this one.
  for (const piece of pattern.slice(firstStar + 1, Math.max(firstStar + 1, lastStar)).split('*')) {
    const found = eventType.indexOf(piece, at);
    if (found < 0 || found + piece.length > middleEnd) return false;
    at = found + piece.length;
  }
  return true;
}

/** Whether an event type is one that a webhook wants. No patterns: all but our own. */
export function matchesEventType(patterns: readonly string[], eventType: string): boolean {
  if (patterns.length === 0) return !isReservedEventType(eventType);
  return patterns.some((pattern) => matchesPattern(pattern, eventType));
}
