// What an endpoint sends back is kept and shown, and some send back what they were sent. The secrets that a webhook's requests carry, or are signed
// with, are taken out of an answer before it is kept.
import { type Authentication, authenticationHeader, hiddenValue } from './authentication.js';
import type { OwnHeaders } from './own-headers.js';

/** Shorter values are no secrets, and would be found everywhere. */
export const echoedSecretCharsMin = { authentication: 8, header: 16 } as const;
/** Of a secret that the end of a cut answer has the beginning of, so many characters are taken for one. */
const cutSecretCharsMin = 6;

/** `{event_type}` makes a value everybody's; a media type is one. */
const isNoSecret = (value: string): boolean => value.includes('{event_type}') || /^[a-z]+\/[\w.+*-]+(?:[;,].*)?$/i.test(value);

const authenticationValues = (authentication: Authentication): readonly string[] => {
  const header = authenticationHeader(authentication)?.[1] ?? '';
  const sent = header.replace(/^(?:Bearer|Basic) /, '');
  return authentication.type === 'basic' ? [sent, authentication.username, authentication.password] : [sent];
};

/** The texts to look for in answers to a webhook's requests, the longest first. */
export function secretsOfRequests(webhook: {
  readonly authentication: Authentication;
  readonly headers: OwnHeaders;
  readonly secrets: readonly { readonly secret: string }[];
}): readonly string[] {
  const values = [
    ...authenticationValues(webhook.authentication).filter(({ length }) => length >= echoedSecretCharsMin.authentication),
    ...Object.values(webhook.headers).filter((value) => value.length >= echoedSecretCharsMin.header && !isNoSecret(value)),
    ...webhook.secrets.map(({ secret }) => secret),
  ];
  return [...new Set(values)].sort((a, b) => b.length - a.length);
}

/** The text with `<hidden>` where one of the secrets stood. The same text if none did. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => (rest.includes(secret) ? rest.replaceAll(secret, () => hiddenValue) : rest), text);
}

/**
 * The same for bytes, which need not be text.
 * @param isCut whether there was more of it, so that it may end inside of a secret
 */
export function bytesWithoutSecrets(bytes: Buffer, secrets: readonly string[], isCut: boolean): Buffer {
  const rest = isCut ? withoutBeginning(bytes, secrets) : bytes;
  return secrets.some((secret) => rest.includes(secret, 0, 'latin1'))
    ? Buffer.from(withoutSecrets(rest.toString('latin1'), secrets), 'latin1')
    : rest;
}

function withoutBeginning(bytes: Buffer, secrets: readonly string[]): Buffer {
  const longest = secrets[0]?.length ?? 0;
  const end = bytes.subarray(Math.max(0, bytes.length - longest)).toString('latin1');
  for (let length = end.length; length >= cutSecretCharsMin; length--) {
    const tail = end.slice(-length);
    if (secrets.some((secret) => secret.startsWith(tail)))
      return Buffer.concat([bytes.subarray(0, bytes.length - length), Buffer.from(hiddenValue)]);
  }
  return bytes;
}
