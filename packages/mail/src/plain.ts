// Words for people, of values that anybody may have chosen. Every text of a mail that is not ours goes through `plain`.

/** Characters, as people count them but for combined ones. */
export const textCharsMax = { name: 80, url: 200, tenant: 80, eventType: 100, error: 300, environment: 80 } as const;

const cutMark = '…';
/**
 * Control characters and separators of lines, what turns the direction of the text around it, and what is no character at all. A name that held them could
 * begin a header of its own, or show as another.
 */
const unwanted = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}\u{200B}\u{2060}\u{FEFF}\u{FFF9}-\u{FFFB}]+/gu;

/** One line of at most so many characters, without control characters. It is text: HTML escapes it still. */
export const plain = (text: string, charsMax: number): string => {
  // A character has at most two units: what is longer need not be looked at.
  const line = text
    .slice(0, charsMax * 4)
    .replace(unwanted, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  const chars = Array.from(line);
  if (chars.length <= charsMax && text.length <= charsMax * 4) return line;
  return `${chars
    .slice(0, charsMax - 1)
    .join('')
    .trimEnd()}${cutMark}`;
};

/** RFC 3339 in UTC, to the second: `2026-11-23 09:41:07Z`. */
export const timeOf = (at: Date): string => `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;

const numbers = new Intl.NumberFormat('en-US');
export const numberOf = (value: number): string => numbers.format(value);

/** `1 delivery`, `1,200 deliveries`. */
export const countOf = (count: number, one: string, many: string): string => `${numberOf(count)} ${count === 1 ? one : many}`;

/** A line of a mail must be shorter than 998. */
const linkCharsMax = 900;

/** A link that may stand in a mail and in a header: http(s), escaped. Null: not one, or too long. */
export const linkOf = (text: string): string | null => {
  if (text.length > linkCharsMax || !URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  if (!/^https?:$/.test(protocol)) return null;
  const link = href.replace(/['<>"`\\^{|}]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return link.length > linkCharsMax ? null : link;
};
