// What the three headers and the secret may have been before somebody copied, renamed or cut them.
import { keyOfSecret, type ReceivedHeaders, readHeader, secretPrefix, signatureVersion } from './signature-parts.js';

/** One way to read a part; `fault` says what is wrong with what was given, null if it is taken as it is. */
export type Reading<Value = string> = { readonly value: Value; readonly fault: string | null };

export type SecretReading = Reading<Buffer> & { readonly secretIndex: number };

/** One signature of the header. A cut one fits what begins with it. */
export type SignatureReading = Reading & { readonly signatureIndex: number; readonly isCut: boolean };

const signedHeaders = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
export type SignedHeader = (typeof signedHeaders)[number];

/** Names under which other senders, and servers that change names, put the same three. */
const otherNames = (name: SignedHeader): readonly string[] => {
  const rest = name.slice('webhook-'.length);
  return [`svix-${rest}`, `x-${name}`, `http_webhook_${rest}`, `webhook_${rest}`, `x-svix-${rest}`];
};

const signatureBase64Chars = 44;
/** A signature cut shorter than this could belong to anything. */
const cutCharsMin = 8;

/** The value of each header, or under which other name it came, or null. */
export function findHeader(headers: ReceivedHeaders, name: SignedHeader): Reading | null {
  const value = readHeader(headers, name);
  if (value !== undefined && value !== '') return { value, fault: null };
  for (const other of otherNames(name)) {
    const found = readHeader(headers, other);
    if (found) return { value: found, fault: `it is called ${other}: Posthorn sends ${name}` };
  }
  return null;
}

/** The keys that the secrets may stand for, as they are first. */
export function readSecrets(secrets: readonly string[]): readonly SecretReading[] {
  const readings = secrets.flatMap((secret, secretIndex): readonly SecretReading[] => {
    const bare = secret.trim().replace(/^(["'])(.*)\1$/, '$2');
    const forms: readonly (readonly [string, string | null])[] = [
      [secret, null],
      [bare, 'white space or quotes that do not belong to it stand around it'],
      [secretPrefix + bare, `with ${secretPrefix} before it the signature is right`],
      [bare.replace(/^whsec_/, ''), `${secretPrefix} does not belong to it; without it the signature is right`],
    ];
    return forms.flatMap(([form, fault], index) => {
      const key = forms.findIndex(([other]) => other === form) === index ? keyOfSecret(form) : null;
      return key === null ? [] : [{ value: key, fault, secretIndex }];
    });
  });
  return readings.toSorted(faultsLast);
}

/** Why a secret is no key, or null. */
export function secretFault(secret: string): string | null {
  if (keyOfSecret(secret) !== null) return null;
  return `after ${secretPrefix} it must be base64, and it must not be empty`;
}

export function readId(id: string): readonly Reading[] {
  const event = id.split('.')[0] ?? '';
  return [
    { value: id, fault: null },
    ...(id.trim() === id ? [] : [{ value: id.trim(), fault: 'white space that does not belong to it stands around it' }]),
    ...(event === id ? [] : [{ value: event, fault: 'it is posthorn-delivery-id: webhook-id is the part before the dot' }]),
  ];
}

/** The value must be digits. */
export function readTimestamp(timestamp: string): readonly Reading[] {
  const seconds = timestamp.slice(0, -3);
  return [
    { value: timestamp, fault: null },
    ...(timestamp.length < 12 ? [] : [{ value: seconds, fault: 'it was changed to milliseconds: Unix seconds were signed' }]),
  ];
}

/** The signatures of the header, as the standard has them first; what is of another version is left out. */
export function readSignatures(header: string): readonly SignatureReading[] {
  return header
    .split(/[\s;]+/)
    .filter((part) => part !== '')
    .flatMap((part, signatureIndex): readonly SignatureReading[] => {
      const text = part.replace(/^["']|["']$/g, '');
      const reading = (value: string, fault: string | null, isCut = false): SignatureReading => ({ value, fault, signatureIndex, isCut });
      if (text.startsWith(signatureVersion)) {
        const value = text.slice(signatureVersion.length);
        const quoted = text === part ? null : 'quotes that do not belong to it stand around it';
        return [reading(value, quoted), ...otherWritings(value, '', reading)];
      }
      const bare = /^v1[=:](.*)$/.exec(text)?.[1] ?? text;
      const fault = bare === text ? `${signatureVersion} is missing before it` : `it begins with v1 and "${text[2]}" in place of ","`;
      return [reading(bare, fault), ...otherWritings(bare, `${fault}; `, reading)];
    })
    .toSorted(faultsLast);
}

/** Why no signature of the header is one of ours at all, or null. */
export function signatureFault(header: string): string | null {
  const versions = header.split(/\s+/).map((part) => /^(v\w+),/.exec(part)?.[1] ?? null);
  if (versions.includes('v1')) return null;
  const other = versions.find((version) => version !== null);
  if (other === undefined) return `no part of it begins with "${signatureVersion}"`;
  return `it has version ${other} alone: Posthorn signs with v1, an HMAC by the secret`;
}

type MakeReading = (value: string, fault: string, isCut?: boolean) => SignatureReading;

function otherWritings(value: string, before: string, reading: MakeReading): readonly SignatureReading[] {
  if (/^[0-9a-f]{64}$/i.test(value))
    return [reading(Buffer.from(value, 'hex').toString('base64'), `${before}it is written as hex, not base64`)];
  const padded = value.replaceAll('-', '+').replaceAll('_', '/');
  const fault = `${before}it was cut: ${value.length} of ${signatureBase64Chars} characters are there`;
  if (value.length < signatureBase64Chars) return value.length < cutCharsMin ? [] : [reading(padded, fault, true)];
  return padded === value ? [] : [reading(padded, `${before}it is written as URL-safe base64`)];
}

function faultsLast(a: Reading<unknown>, b: Reading<unknown>): number {
  return Number(a.fault !== null) - Number(b.fault !== null);
}
