// The bytes that may have been signed, given those that are there: what frameworks, editors and people do to a body on its way.
import { restyle } from './json-styles.js';

/** `fault` says what was done to the signed bytes; null for the bytes as they are. */
export type BodyReading = { readonly bytes: Uint8Array; readonly fault: string | null };

const rewritten = 'verify the raw bytes, as they came';

/** The likeliest first; no bytes twice. */
export function* bodyReadings(body: Uint8Array): Generator<BodyReading> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = bytes.toString('utf8');
  const tried = new Set([text]);
  yield { bytes, fault: null };
  for (const [changed, fault] of slips(text)) {
    if (tried.has(changed)) continue;
    tried.add(changed);
    yield { bytes: Buffer.from(changed), fault };
  }
  if (isBase64(text)) yield { bytes: Buffer.from(text, 'base64'), fault: 'it is base64 of the signed bytes: decode it first' };
  if (isLatin1(text)) yield { bytes: Buffer.from(text, 'latin1'), fault: 'it was read as Latin-1 and written as UTF-8: read it as bytes' };
  for (const styled of restyle(text)) {
    yield {
      bytes: Buffer.from(styled.text),
      fault: `it was parsed and written again: the same JSON ${styled.style} was signed; ${rewritten}`,
    };
  }
}

function* slips(text: string): Generator<readonly [string, string]> {
  yield [text.replace(/\r?\n$/, ''), 'it ends in a line break that was not signed; without it the signature is right'];
  yield [text.replace(/^\ufeff/, ''), 'it begins with a byte order mark that was not signed'];
  yield [text.replace(/^\ufeff/, '').trim(), 'white space that was not signed stands around it'];
  yield [text.replaceAll('\r\n', '\n'), 'its line breaks were changed from LF to CRLF'];
  yield [text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n'), 'its line breaks were changed from CRLF to LF'];
  yield [`${text}\n`, 'its last line break is missing'];
  const inside = insideString(text);
  if (inside !== null) yield [inside, `it was written as a JSON string: ${rewritten}`];
}

/** What a JSON string says: a body that was serialised twice. */
function insideString(text: string): string | null {
  if (!/^\s*"/.test(text)) return null;
  try {
    return String(JSON.parse(text));
  } catch {
    return null;
  }
}

function isBase64(text: string): boolean {
  return text.length >= 4 && /^[A-Za-z0-9+/]+={0,2}\s*$/.test(text);
}

/** Whether the characters are bytes that were taken for characters, some of them beyond ASCII. */
function isLatin1(text: string): boolean {
  return /[\u0080-\u00ff]/.test(text) && !/[\u0100-\uffff]/.test(text);
}
