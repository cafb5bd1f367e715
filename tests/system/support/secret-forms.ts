// The forms in which a secret may stand somewhere, and where in a text or in bytes one is found.

const base64Offsets = [0, 1, 2] as const;
/** Characters of base64 that depend on what stands before the bytes, by how many bytes that are (modulo 3). */
const charsBefore = [0, 2, 3] as const;

/** What base64 of anything that contains the bytes contains, one for each way in which they may lie on its threes. */
const inBase64 = (bytes: Buffer): readonly string[] =>
  base64Offsets.map((offset) => {
    const whole = Math.floor((offset + bytes.length) / 3) * 3;
    return Buffer.concat([Buffer.alloc(offset), bytes])
      .subarray(0, whole)
      .toString('base64')
      .slice(charsBefore[offset]);
  });

const percentEncoded = (text: string): string =>
  Buffer.from(text).reduce((all, byte) => `${all}%${byte.toString(16).toUpperCase().padStart(2, '0')}`, '');

/** The bytes that a text of base64 or hex stands for, in their forms; the text itself first. */
export const decodedForms = (text: string): readonly string[] => {
  if (text === '') return [];
  const bytes = Buffer.from(text, 'base64');
  return [text, ...(bytes.length < 16 ? [] : [bytes.toString('hex'), bytes.toString('base64url')])];
};

/**
 * All forms of a secret: as it is, as JSON, in a URL, hex, base64 at any place; and the same of the bytes for which `whsec_` and `base64:` values stand.
 * Hex and percent-encoding are looked for in lower case.
 */
export const formsOf = (secret: string): readonly string[] => {
  const coded = /^whsec_(.+)$/.exec(secret)?.[1] ?? (/^[A-Za-z0-9+/]{43}=$/.test(secret) ? secret : null);
  const ofBytes = (bytes: Buffer): readonly string[] => [
    bytes.toString('hex'),
    ...inBase64(bytes),
    ...inBase64(bytes).map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  const texts = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('/', '\\/'),
    encodeURIComponent(secret),
    percentEncoded(secret),
  ];
  return [
    ...new Set([
      ...texts,
      ...ofBytes(Buffer.from(secret)),
      ...(coded === null ? [] : [coded, encodeURIComponent(coded), ...ofBytes(Buffer.from(coded, 'base64'))]),
    ]),
  ];
};

export type Secrets = Readonly<Record<string, string>>;

/** Looks for secrets by name: returns the names of those that a text has in any form. */
export const createFinder = (secrets: Secrets): ((text: string) => readonly string[]) => {
  const forms = Object.entries(secrets).map(([name, secret]) => ({
    name,
    forms: formsOf(secret),
    lower: formsOf(secret).map((each) => each.toLowerCase()),
  }));
  return (text) => {
    const lower = text.toLowerCase();
    return forms
      .filter((each) =>
        each.forms.some(
          (form, index) => text.includes(form) || (/^[0-9a-f%]+$/.test(each.lower[index] ?? '') && lower.includes(each.lower[index] ?? '')),
        ),
      )
      .map(({ name }) => name);
  };
};
