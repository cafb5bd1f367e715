import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from '@jest/globals';
import { type StartedProcess, startProcess } from '@posthorn/testkit';

const command = fileURLToPath(new URL('../../bin/posthorn.mjs', import.meta.url));
const started: StartedProcess[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill('SIGKILL');
});

const run = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
  const one = startProcess({ args: [command, ...args], env, name: 'posthorn config' });
  started.push(one);
  const { code } = await one.exited;
  return { code, output: one.output() };
};

const secrets = {
  DATABASE_URL: 'postgres://me:hunter2@db/x',
  POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  SMTP_URL: 'smtps://me:hunter2@mail.example',
};
const expectNoSecret = (output: string): void => {
  expect(output).not.toContain('hunter2');
  expect(output).not.toContain(secrets.POSTHORN_ENCRYPTION_KEY);
};

it('shows every variable with its value and where that is from, and no secret', async () => {
  const { code, output } = await run(['config'], { ...secrets, PORT: '80', POSTHORN_SHUTDOWN: '5' });
  expect(code).toBe(0);
  expect(output).toMatch(/^ {2}PORT +set +80$/m);
  expect(output).toMatch(/^ {2}HOST +default +127\.0\.0\.1$/m);
  expect(output).toMatch(/^ {2}POSTHORN_DATABASE_DIRECT_URL +derived +postgres:\/\/me:\*\*\*@db\/x$/m);
  expect(output).toMatch(/^ {2}POSTHORN_ENCRYPTION_KEY +set +\(hidden\)$/m);
  expect(output).toMatch(/^ {2}REDIS_URL +unset +–$/m);
  expect(output).toContain('POSTHORN_SHUTDOWN is not a variable of Posthorn and changes nothing: do you mean POSTHORN_SHUTDOWN_S?');
  expectNoSecret(output);
}, 60_000);

it('says everything that is wrong, with what to set, and ends with the code of a wrong configuration', async () => {
  const wrong = { ...secrets, NODE_ENV: 'production', PORT: 'x', SMTP_URL: 'smpt://me:hunter2@mail', LOG_LEVEL: 'loud' };
  const { code, output } = await run(['config'], wrong);
  expect(code).toBe(78);
  expect(output).toMatch(/^✗ PORT +set +x$/m);
  expect(output).toContain('error: the configuration is not usable:\n');
  for (const line of [
    /^ {2}- PORT must be .*: set PORT=3400$/m,
    /^ {2}- LOG_LEVEL must be one of /m,
    // Examples are whole: what looks like a password in one is none.
    /^ {2}- SMTP_URL must .*: set SMTP_URL=smtps:\/\/user:password@mail\.example\.com:465$/m,
    /^ {2}- REDIS_URL is not/m,
  ])
    expect(output).toMatch(line);
  expectNoSecret(output);
  // A server says the same, and ends in the same way.
  const api = await run(['api'], wrong);
  expect(api.code).toBe(78);
  expect(output).toContain(api.output.trim());
}, 60_000);

it('gives it as JSON, also where it is wrong', async () => {
  const right = await run(['config', '--json'], secrets);
  expect(right.code).toBe(0);
  expect(JSON.parse(right.output)).toMatchObject({
    variables: expect.arrayContaining([expect.objectContaining({ variable: 'PORT', value: '3400', from: 'default' })]),
    problems: [],
    unknown: [],
  });
  const wrong = await run(['config', '--json'], { ...secrets, PORT: 'x' });
  expect(wrong.code).toBe(78);
  expect(wrong.output).toContain(
    '"variable": "PORT",\n      "problem": "must be a whole number from 0 to 65,535",\n      "fix": "set PORT=3400"',
  );
  expectNoSecret(wrong.output);
}, 60_000);
