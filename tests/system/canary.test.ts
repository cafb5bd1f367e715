// Secrets that can be told from all other texts go in wherever one goes in; then everything that the product said, wrote and kept is looked through for
// them, in any form. What is allowed stands in the tables here.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, startProcess } from '@posthorn/testkit';
import { breakThings, learnSecrets, makeKeys, makeWebhooks, operate, publishAll, type Subjects } from './support/canary-journey.js';
import {
  askForEverything,
  followStream,
  type Place,
  readAllMetrics,
  readMails,
  readPostgres,
  readRedisWhole,
} from './support/canary-places.js';
import { askForRefusals } from './support/canary-refusals.js';
import { untilSchedulerSettled } from './support/canary-waiting.js';
import { type CanaryWorld, canary, type Said, startCanaryWorld } from './support/canary-world.js';
import { command, startPosthorn } from './support/product.js';
import { createFinder } from './support/secret-forms.js';

let world: CanaryWorld;
let subjects: Subjects;
let refusalsTaken: readonly string[];
let routes = 0;
/** What processes wrote that could not start, or not work. */
const failed: Place[] = [];

/** Starts a process that cannot work, waits for what it says, and ends it. */
const startFailing = async (place: string, role: 'api' | 'worker', env: Readonly<Record<string, string>>, says?: RegExp): Promise<void> => {
  const one = startProcess({ args: [command, role, '--debug'], env: { ...world.product.env, ...env }, name: place });
  let isOver = false;
  void one.exited.then(() => {
    isOver = true;
  });
  await eventually(() => says?.test(one.output()) ?? isOver, { timeoutMs: 90_000 }).catch(() => {
    throw new Error(`${place}: it goes on, and says ${one.output()}`);
  });
  await one.kill('SIGTERM');
  failed.push({ place, text: one.output() });
};

const failToStart = (): Promise<unknown> => {
  const { product, keep } = world;
  const database = new URL(product.databaseUrl);
  database.password = keep('wrong_database_password', canary('wrongdb'));
  const { port } = new URL(product.redis.url);
  const wrongRedis = `redis://:${keep('wrong_redis_password', canary('wrongredis'))}@127.0.0.1:${port}`;
  const otherKey = keep('other_encryption_key', Buffer.alloc(32, 'another key').toString('base64'));
  return Promise.all([
    startFailing('wrong database password', 'worker', { DATABASE_URL: database.href }),
    startFailing('no database URL', 'api', { DATABASE_URL: `postgresql://u:${keep('bad_database_url', canary('baddb'))}@[::/x` }),
    startFailing('wrong Redis password', 'api', { REDIS_URL: wrongRedis }, /WRONGPASS/),
    startFailing('no Redis URL', 'api', { REDIS_URL: `redis://:${keep('bad_redis_url', canary('badredis'))}@127.0.0.1 :99999` }),
    startFailing('no mail server', 'worker', { SMTP_URL: `smtp://u:${keep('bad_smtp_url', canary('badsmtp'))}%@127.0.0.1` }),
    startFailing('no encryption key', 'worker', { POSTHORN_ENCRYPTION_KEY: keep('bad_encryption_key', canary('badkey')) }),
    startFailing('another encryption key', 'worker', { POSTHORN_ENCRYPTION_KEY: otherKey }),
    startFailing('no admin key', 'api', { POSTHORN_BOOTSTRAP_KEY: keep('bad_admin_key', canary('badadmin')) }),
  ]);
};

/** A worker whose mail server does not take its password. */
const mailInVain = async (): Promise<void> => {
  const wrongMail = new URL(world.mails.url);
  wrongMail.password = world.keep('wrong_smtp_password', canary('wrongsmtp'));
  const worker = startPosthorn('worker', { ...world.product.env, SMTP_URL: wrongMail.href });
  await worker.ready;
  await eventually(
    async () => {
      await world.ask('POST', '/v1/events', { event_type: 'order.placed', tenant: 'acme', data: { note: world.payload } });
      return /535|Who are you/.test(worker.output());
    },
    { timeoutMs: 30_000, everyMs: 500 },
  );
  await worker.kill('SIGTERM');
  failed.push({ place: 'wrong mail password', text: worker.output() });
};

beforeAll(async () => {
  world = await startCanaryWorld();
  world.secrets.misplaced = canary('misplaced');
  const apiKey = await makeKeys(world);
  const stream = await followStream(world);
  const made = await makeWebhooks(world);
  await learnSecrets(world, made.webhooks, 'first');
  const events = await publishAll(world);
  await untilSchedulerSettled(world.product);
  const replay = await operate(world, made.webhooks, events);
  await learnSecrets(world, made.webhooks, 'then');
  subjects = { ...made, events, replay, apiKey };
  refusalsTaken = await askForRefusals(world, made.webhooks.api_key ?? '');
  await untilSchedulerSettled(world.product);
  stream.end();
  await failToStart();
  await mailInVain();
  await breakThings(world);
  routes = await askForEverything(world, subjects);
}, 400_000);
afterAll(() => world?.stop(), 60_000);

type Finding = `${string} has ${string}`;

/** Which of the secrets, the queries and the payloads stand where they may not. */
const lookThrough = (places: readonly Place[], isAllowed: (place: string, name: string) => boolean = () => false): readonly Finding[] => {
  const find = createFinder({ ...world.secrets, QUERY: world.query, PAYLOAD: world.payload });
  return places.flatMap(({ place, text }) =>
    find(text)
      .filter((name) => !isAllowed(place, name))
      .map((name): Finding => `${place} has ${name}`),
  );
};

/** Columns that have more than ciphertexts of what went in. */
const inPostgres: Readonly<Record<string, readonly string[]>> = {
  // The producer's own bytes, and what an endpoint sent back of them.
  'events.data': ['PAYLOAD'],
  'events.current_context': ['PAYLOAD'],
  'events.resources': ['PAYLOAD'],
  'attempts.response_body': ['PAYLOAD', 'QUERY'],
  'attempts.response_headers': ['PAYLOAD'],
  // A URL is configuration, and shown to those who may read webhooks.
  'webhooks.url': ['QUERY'],
  'webhook_versions.snapshot': ['QUERY'],
  'webhook_versions.changes': ['QUERY'],
};

const signingSecret = /secret|rotated/;
const isSecretRead = ({ method, path, role }: Said): boolean => {
  const route = path.split('?')[0] ?? '';
  if (method === 'POST')
    return /^\/(v1\/webhooks|webhook|api\/webhooks|compat\/\w+\/webhooks)$|\/rotate-secret$|^\/v1\/(api-keys|environments)$/.test(route);
  // Whose document shows it, to those who may read it.
  const isShown =
    /^\/v1\/webhooks\/[\w-]+\/secret$|^\/api\/webhooks|^\/api\/event_callbacks\/[\w.-]+\/webhook$/.test(route) || /secrets=true/.test(path);
  return isShown && (role === 'admin' || role === 'channel');
};

/** What an answer may have that is no error. */
const inAnswer = (said: Said, name: string): boolean => {
  if (name === 'QUERY') return /webhook|callback|subscription|attempts|deliveries|audit|openapi/.test(said.path);
  if (name === 'PAYLOAD')
    return (
      (said.method === 'GET' && /events|deliveries|attempts|callback|include=/.test(said.path)) || /\/(test|retry)$|explain/.test(said.path)
    );
  return isSecretRead(said) && (said.method === 'POST' || signingSecret.test(name));
};

describe('secrets of everything', () => {
  it('are many, and the journey went where it was to go', () => {
    expect(Object.values(world.secrets).filter((secret) => typeof secret !== 'string' || secret.length < 16)).toEqual([]);
    expect(Object.keys(world.secrets).length).toBeGreaterThan(45);
    expect(refusalsTaken).toEqual([]);
    expect(routes).toBeGreaterThan(50);
    expect(world.said.find(({ path }) => path === '/v1/stream')?.text).toContain('order.placed');
    expect(world.said.find(({ text }) => /posthorn_session=/.test(text))?.status).toBe(200);
    expect(world.said.filter(({ status }) => status === 503).length).toBeGreaterThan(5);
    expect(
      world.said.filter(({ status }) => status >= 500 && status !== 503).map(({ path, status, text }) => [path, status, text]),
    ).toEqual([]);
    expect(world.receiver.count()).toBeGreaterThan(100);
    expect(world.mails.mails.length).toBeGreaterThan(3);
    // What is looked for would be found: the receiver has them all in clear.
    const received: Place[] = world.receiver.received.map(({ path, headers }) => ({ place: path, text: JSON.stringify([path, headers]) }));
    const sent = ['QUERY', 'api_key_value', 'bearer_token', 'basic_user', 'basic_password', 'header_value', 'own_authorization'];
    expect(lookThrough(received).map((each) => each.split(' has ')[1])).toEqual(expect.arrayContaining(sent));
  });

  it('stand in no line that a process wrote', () => {
    const { apiProcess, workers } = world.product;
    const outputs = [apiProcess, ...workers].map((one, index) => ({ place: index === 0 ? 'api' : `worker ${index}`, text: one.output() }));
    expect(outputs.every(({ text }) => text.length > 200)).toBe(true);
    expect(lookThrough([...outputs, ...failed])).toEqual([]);
    expect(failed.map(({ place, text }) => [place, text.length > 20])).toEqual(failed.map(({ place }) => [place, true]));
  });

  it('stand in Postgres encrypted, and URLs and payloads where they belong', async () => {
    const places = await readPostgres(world.product);
    expect(places.length).toBeGreaterThan(200);
    expect(places.find(({ place }) => place === 'webhook_secrets.ciphertext')?.text.length).toBeGreaterThan(1_000);
    expect(lookThrough(places, (place, name) => inPostgres[place]?.includes(name) === true)).toEqual([]);
    expect(lookThrough(places).length).toBeGreaterThan(5);
  });

  it('are not in Redis, nor in its files', async () => {
    const places = await readRedisWhole(world.product.redis.url, world.redis.directory);
    expect(places.map(({ place }) => place)).toEqual(expect.arrayContaining([expect.stringContaining('.aof'), 'dump.rdb']));
    expect(places.map(({ text }) => text).join('')).toContain(subjects.events[0]);
    expect(lookThrough(places)).toEqual([]);
  });

  it('are in no metric and no mail', async () => {
    const { workers } = world.product;
    const places = [...(await readAllMetrics(world.product, workers.slice(1))), ...readMails(world)];
    expect(lookThrough(places)).toEqual([]);
    expect(places.filter(({ text }) => text.includes('posthorn_attempts_total')).length).toBeGreaterThan(1);
  });

  it('are in no error, and in answers only where the contract shows them', () => {
    const answers = world.said.map((said) => ({ said, place: `${said.method} ${said.path} as ${said.role}: ${said.status}` }));
    const bySaid = new Map(answers.map(({ said, place }) => [place, said]));
    const errors = answers.filter(({ said }) => said.status >= 400);
    expect(errors.length).toBeGreaterThan(60);
    expect(lookThrough(errors.map(({ said, place }) => ({ place, text: said.text })))).toEqual([]);
    const rest = answers.filter(({ said }) => said.status < 400).map(({ said, place }) => ({ place, text: said.text }));
    expect(lookThrough(rest, (place, name) => inAnswer(bySaid.get(place) as Said, name))).toEqual([]);
  });
});
