import { expect, it } from '@jest/globals';
import { PosthornError } from '@posthorn/client';
import { ConfigError } from '@posthorn/config';
import { DeploymentMismatchError } from '@posthorn/db';
import { CommandError, exitCodeOf, exitCodes, exitDescriptions } from './exit-codes.js';
import { SchemaTooNewError } from './server/wait-for-database.js';

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

it.each<[string, unknown, keyof typeof exitCodes]>([
  ['anything', new Error('no'), 'failure'],
  ['what is no error', 'no', 'failure'],
  ['nothing', undefined, 'failure'],
  ['an error that says so itself', new CommandError('incomplete', 'cut'), 'incomplete'],
  ['a wrong configuration', new ConfigError([{ variable: 'PORT', problem: 'is not one', fix: 'set it' }]), 'configuration'],
  ['another installation', new DeploymentMismatchError('queue'), 'mismatch'],
  ['a newer schema', new SchemaTooNewError('newer'), 'mismatch'],
  ['an API that does not answer', new PosthornError('away', { code: 'unreachable', status: null, detail: 'away' }), 'unavailable'],
  ['an API that refuses', new PosthornError('no', { code: 'forbidden', status: 403, detail: 'no' }), 'failure'],
  ['a refused connection', withCode('ECONNREFUSED'), 'unavailable'],
  ['a Postgres that starts up', withCode('57P03'), 'unavailable'],
  ['a Postgres that refuses the password', withCode('28P01'), 'configuration'],
  ['a database that does not exist', withCode('3D000'), 'configuration'],
  ['a port that is taken', withCode('EADDRINUSE'), 'system'],
  ['a statement that is wrong', withCode('42601'), 'failure'],
])('%s has a code', (_, error, name) => {
  expect(exitCodeOf(error)).toBe(exitCodes[name]);
});

it('has no code twice, and none that a shell gives a signal', () => {
  const codes = Object.values(exitCodes);
  expect(new Set(codes).size).toBe(codes.length);
  expect(Math.max(...codes)).toBeLessThan(126);
  expect(Object.keys(exitDescriptions)).toEqual(Object.keys(exitCodes));
});
