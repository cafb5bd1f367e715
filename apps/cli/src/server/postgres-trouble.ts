// What an error of Postgres or of the way to it means, in one sentence with what helps: for a start, which waits or ends with it.
import { isDatabaseUnavailable, oldestPostgres } from '@posthorn/db';
import { CommandError, type ExitName } from '../exit-codes.js';

export type PostgresTrouble = { readonly exit: ExitName; readonly waits: boolean; readonly text: string };

const certificateErrors = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+)$/;

const configured = (text: string): PostgresTrouble => ({ exit: 'configuration', waits: false, text });
const away = (text: string): PostgresTrouble => ({ exit: 'unavailable', waits: true, text });

/** Null: the error is of something else. */
export const postgresTrouble = (error: unknown): PostgresTrouble | null => {
  if (error instanceof CommandError) return null;
  const { code: rawCode, message: rawMessage } = Object(error) as { code?: unknown; message?: unknown };
  const [code, message] = [String(rawCode ?? ''), String(rawMessage ?? '')];
  const why = message === '' ? code : message;
  switch (code) {
    case '28P01':
      return configured(`Postgres refuses the user or the password of DATABASE_URL (${why})`);
    case '28000':
      return /no encryption/.test(message)
        ? configured(`Postgres takes this user only with TLS (${why}): add sslmode=verify-full to DATABASE_URL`)
        : configured(`Postgres refuses the user of DATABASE_URL (${why})`);
    case '3D000':
      return configured(`Postgres has no such database (${why}): make it, or name another in DATABASE_URL`);
    case '42501':
      return configured(`the user of DATABASE_URL lacks a right (${why})`);
    case '42704':
      return configured(`this Postgres is too old (${why}): Posthorn needs ${oldestPostgres} or newer`);
    case '53100':
      return away(`the disk of Postgres is full (${why})`);
    case '25006':
      return away(`Postgres takes no writes (${why}): it is a standby, or default_transaction_read_only is on`);
  }
  if (/unsupported startup parameter/.test(message))
    return configured(`the pooler of DATABASE_URL does not take the settings of a session (${why}): PgBouncer does from 1.20 on`);
  if (/server does not support SSL/i.test(message))
    return configured('Postgres takes no TLS, and sslmode in DATABASE_URL asks for it: set one of them otherwise');
  if (certificateErrors.test(code)) return configured(`the certificate of Postgres is not trusted (${why}): name its CA with sslrootcert`);
  return isDatabaseUnavailable(error) ? away(`Postgres is not reachable (${why})`) : null;
};
