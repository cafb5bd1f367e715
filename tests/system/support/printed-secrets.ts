// Nothing secret stands in what processes print: looked at whenever a product of a test is stopped, so that the whole end-to-end suite is a test of it.
import { decodedForms } from './secret-forms.js';

export type Printed = {
  /** What the process is called in messages. */
  readonly name: string;
  readonly output: string;
  /** The variables that it ran with. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

const shapes: readonly (readonly [string, RegExp])[] = [
  ['an API key', /\bph_(?:live|test)_\w{20,}/g],
  ['a webhook secret', /\bwhsec_[A-Za-z0-9+/_-]{20,}={0,2}/g],
];
/** Shorter passwords are those of servers that anybody may use, and words. */
const passwordCharsMin = 8;

const passwordOf = (url: string | undefined): string =>
  url !== undefined && URL.canParse(url) ? decodeURIComponent(new URL(url).password) : '';

/** The secrets among a process's variables, by name. */
const secretsOf = (env: Printed['env']): readonly (readonly [string, string])[] => {
  const passwords = ['DATABASE_URL', 'POSTHORN_DATABASE_DIRECT_URL', 'REDIS_URL', 'SMTP_URL'].map(
    (name) => [`the password in ${name}`, passwordOf(env[name])] as const,
  );
  const keys = ['POSTHORN_ENCRYPTION_KEY', 'POSTHORN_ENCRYPTION_KEY_NEXT'].flatMap((name) =>
    decodedForms(env[name] ?? '').map((form) => [name, form] as const),
  );
  return [...keys, ['POSTHORN_BOOTSTRAP_KEY', env.POSTHORN_BOOTSTRAP_KEY ?? ''] as const, ...passwords].filter(
    ([, value]) => value.length >= passwordCharsMin,
  );
};

/**
 * What a process printed that is secret, as `name: what, … around it`.
 * @param allowed what may be printed: the contract has `start` print the admin key that it made, once
 */
export const findPrintedSecrets = ({ name, output, env }: Printed, allowed?: RegExp): readonly string[] => {
  const text = allowed === undefined ? output : output.replace(allowed, '');
  const around = (index: number): string => JSON.stringify(text.slice(Math.max(0, index - 120), index));
  const known = secretsOf(env).flatMap(([what, value]) =>
    text.includes(value) ? [`${name} printed ${what}, after ${around(text.indexOf(value))}`] : [],
  );
  const shaped = shapes.flatMap(([what, shape]) =>
    [...text.matchAll(shape)].map(({ index }) => `${name} printed ${what}, after ${around(index)}`),
  );
  return [...known, ...shaped];
};

/** Throws if one of them printed a secret. */
export const expectNoPrintedSecrets = (printed: readonly Printed[], allowed?: RegExp): void => {
  const found = printed.flatMap((each) => findPrintedSecrets(each, allowed));
  if (found.length > 0) throw new Error(`secrets were printed:\n${found.slice(0, 20).join('\n')}`);
};
