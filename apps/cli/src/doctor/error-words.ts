// What is said of an error: its own words, without what the configuration keeps secret. Errors of drivers and servers are not ours, and may repeat anything.
import type { Config } from '@posthorn/config';
import { withoutSecretShapes } from '@posthorn/core';
import { oneLine } from '../failure.js';
import type { ErrorWords } from './check.js';

const wordsCharsMax = 300;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** A password as it stands in a URL, and as it is sent. */
const passwordsIn = (urls: string | null): readonly string[] =>
  (urls ?? '').split(',').flatMap((text) => {
    const password = URL.canParse(text.trim()) ? new URL(text.trim()).password : '';
    return password === '' ? [] : [password, decoded(password)];
  });

/** Everything in the configuration that nobody may read. */
export const secretsOf = (config: Config): readonly string[] => [
  ...[config.databaseUrl, config.databaseDirectUrl, config.redisUrl, config.smtpUrl].flatMap(passwordsIn),
  ...[config.bootstrapKey].filter((key) => key !== null),
  ...[config.encryptionKey, config.nextEncryptionKey].flatMap((key) => (key === null ? [] : [key.toString('base64'), key.toString('hex')])),
];

/** An error without a message has a code: `ECONNREFUSED`, where several addresses were tried. */
const textOf = (error: unknown): string => {
  const { message, code, errors } = Object(error) as { readonly message?: unknown; readonly code?: unknown; readonly errors?: unknown };
  if (message === '' && Array.isArray(errors) && errors.length > 0) return errors.map(oneLine).join('; ');
  return message === '' && typeof code === 'string' ? code : oneLine(error);
};

/** Words for errors that repeat none of these secrets, and at most 300 characters. */
export const wordsWithout = (secrets: readonly string[]): ErrorWords => {
  const longestFirst = [...new Set(secrets)].sort((one, other) => other.length - one.length);
  return (error) => {
    const text = longestFirst.reduce((all, secret) => all.replaceAll(secret, '***'), textOf(error));
    return withoutSecretShapes(text).slice(0, wordsCharsMax);
  };
};
