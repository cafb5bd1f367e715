import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { variables } from './config.js';
import { explainConfig } from './explain.js';
import { redactedUrl } from './urls.js';

const rowOf = (environment: Readonly<Record<string, string>>, name: string) => {
  const found = explainConfig(environment).variables.find(({ variable }) => variable === name);
  return found === undefined ? undefined : [found.value, found.from];
};

describe('the explained configuration', () => {
  it('has every variable, with its meaning', () => {
    const { variables: rows, problems } = explainConfig({});
    expect(rows.map(({ variable }) => variable)).toEqual(Object.keys(variables.properties));
    expect(rows.filter(({ meaning }) => meaning.length < 5)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it.each([
    ['PORT', { PORT: '80' }, ['80', 'set']],
    ['PORT', {}, ['3400', 'default']],
    ['POSTHORN_PUBLIC_URL', { PORT: '80', HOST: '::1' }, ['http://[::1]:80', 'derived']],
    ['POSTHORN_DATABASE_DIRECT_URL', { DATABASE_URL: 'postgres://me:pw@db/x' }, ['postgres://me:***@db/x', 'derived']],
    ['POSTHORN_QUEUE', {}, ['postgres', 'derived']],
    ['POSTHORN_QUEUE', { REDIS_URL: 'redis://r' }, ['redis', 'derived']],
    ['POSTHORN_MAIL_FROM', {}, ['Posthorn <posthorn@localhost>', 'derived']],
    ['DATABASE_URL', {}, [null, 'unset']],
    ['DATABASE_URL', { DATABASE_URL: '' }, [null, 'unset']],
    ['POSTHORN_EGRESS_ALLOW', { POSTHORN_EGRESS_ALLOW: '' }, ['', 'set']],
    ['POSTHORN_ENCRYPTION_KEY', { POSTHORN_ENCRYPTION_KEY: 'hunter2' }, ['(hidden)', 'set']],
    ['POSTHORN_BOOTSTRAP_KEY', { POSTHORN_BOOTSTRAP_KEY: 'hunter2' }, ['(hidden)', 'set']],
  ] as const)('says of %s with %j: %j', (name, environment, expected) => {
    expect(rowOf(environment, name)).toEqual(expected);
  });

  it('is told where it is wrong too, with everything that is wrong', () => {
    const environment = { PORT: 'x', SMTP_URL: 'smpt://me:hunter2@mail', POSTHORN_ENCRYPTION_KEY: 'hunter2', HOST: '0.0.0.0' };
    const explained = explainConfig(environment);
    expect(rowOf(environment, 'PORT')).toEqual(['x', 'set']);
    expect(rowOf(environment, 'HOST')).toEqual(['0.0.0.0', 'set']);
    expect(rowOf(environment, 'LOG_LEVEL')).toEqual(['info', 'default']);
    expect(explained.problems.map(({ variable }) => variable)).toEqual(['PORT', 'POSTHORN_ENCRYPTION_KEY', 'SMTP_URL']);
    expect(JSON.stringify(explained)).not.toContain('hunter2');
  });
});

describe('a URL that is shown', () => {
  it.each([
    ['postgres://me:pw@db.example:5432/x?sslmode=require', 'postgres://me:***@db.example:5432/x?sslmode=require'],
    ['postgres://db/x?password=pw&user=me', 'postgres://db/x?password=***&user=me'],
    ['redis://:pw@redis.example', 'redis://:***@redis.example'],
    ['redis://:pw@a:1,redis://:qw@b,c:3', 'redis://:***@a:1,redis://:***@b,c:3'],
    ['redis://me:p,w@a,b', 'redis://me:***@a,b'],
    ['smtp:me:pw@mail', '***'],
    ['pw', '***'],
    ['postgres://me:p/w@db', '***'],
    ['postgres://db/x?p%61ssword=pw', 'postgres://db/x?p%61ssword=***'],
    ['pw p@w', '***'],
    ['https://hooks.example', 'https://hooks.example'],
    ['https://hooks.example/', 'https://hooks.example/'],
  ])('%s is %s', (text, expected) => {
    expect(redactedUrl(text)).toBe(expected);
  });

  it('has no password, whatever it is', () => {
    const password = fc.stringMatching(/^S3CRET[a-z0-9,;!$&*+=._~-]{0,12}$/);
    fc.assert(
      fc.property(
        fc.constantFrom('postgres', 'redis', 'rediss', 'smtp', 'https'),
        password,
        fc.stringMatching(/^[a-z]{0,5}$/),
        (scheme, secret, user) => {
          expect(redactedUrl(`${scheme}://${user}:${secret}@host.example:99/x`)).not.toContain('S3CRET');
          expect(redactedUrl(`${scheme}://host.example/x?password=${secret}`)).not.toContain('S3CRET');
        },
      ),
    );
  });
});
