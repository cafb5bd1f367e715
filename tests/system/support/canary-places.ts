// Where something may have come to lie: every column of Postgres, every key and file of Redis, metrics, mails, answers of the API.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartedProcess } from '@posthorn/testkit';
import { Redis } from 'ioredis';
import { request } from 'undici';
import type { Subjects } from './canary-journey.js';
import type { CanaryWorld } from './canary-world.js';
import type { Product } from './product.js';

/** A place by name, and all that stands there. */
export type Place = { readonly place: string; readonly text: string };

type Column = { readonly schema: string; readonly table: string; readonly column: string };

/** Every column of every table but Postgres's own, as text; bytes are hex. */
export const readPostgres = async ({ pool }: Product): Promise<readonly Place[]> => {
  const { rows } = await pool.query<Column>(
    `select n.nspname as schema, c.relname as table, a.attname as column
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where c.relkind in ('r', 'p', 'm') and not c.relispartition and a.attnum > 0 and not a.attisdropped
        and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
      order by 1, 2, 3`,
  );
  const places: Place[] = [];
  for (const { schema, table, column } of rows) {
    const place = `${schema === 'public' ? '' : `${schema}.`}${table}.${column}`;
    const { rows: values } = await pool.query<{ text: string | null }>(
      `select string_agg(distinct "${column}"::text, E'\\n') as text from "${schema}"."${table}"`,
    );
    places.push({ place, text: values[0]?.text ?? '' });
  }
  // What other sessions are asking, and have asked.
  const asked = await pool.query<{ text: string | null }>(`select string_agg(query, E'\\n') as text from pg_stat_activity`);
  return [...places, { place: 'pg_stat_activity.query', text: asked.rows[0]?.text ?? '' }];
};

const filesOf = async (directory: string): Promise<readonly Place[]> => {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((each) => each.isFile());
  return Promise.all(
    names.map(async (each) => ({ place: each.name, text: (await readFile(join(each.parentPath, each.name))).toString('latin1') })),
  );
};

/** Every key with its dump, and the files: the log of all that was ever written, and a snapshot. @param url with the password */
export const readRedisWhole = async (url: string, directory: string): Promise<readonly Place[]> => {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    const dumps = await Promise.all(
      keys.map(async (key) => ({ place: key, text: `${key}\n${(await redis.dumpBuffer(key))?.toString('latin1') ?? ''}` })),
    );
    await redis.save();
    const seen = await redis.info();
    return [...dumps, { place: 'INFO', text: seen }, ...(await filesOf(directory))];
  } finally {
    redis.disconnect();
  }
};

const readMetrics = async (url: string): Promise<string> => (await request(`${url}/metrics`)).body.text();

/** What the API and the workers that live say in their metrics, and whether they are ready. */
export const readAllMetrics = async (product: Product, living: readonly StartedProcess[]): Promise<readonly Place[]> => {
  const urls = living.map((worker) => /health on (http:[^)]+)\)/.exec(worker.output())?.[1] ?? '');
  return Promise.all([product.api.url, ...urls].map(async (url) => ({ place: `metrics of ${url}`, text: await readMetrics(url) })));
};

/** Every mail: what was parsed, and its headers as they came. */
export const readMails = ({ mails }: CanaryWorld): readonly Place[] =>
  mails.mails.map(({ to, from, parsed }) => ({
    place: `mail ${parsed.subject}`,
    text: [to.join(), from, parsed.subject, parsed.text, parsed.html, ...parsed.headerLines.map(({ line }) => line)].join('\n'),
  }));

/** Signs in to the console, and follows the stream of what happens from now on; `end` adds it to `said`. */
export const followStream = async ({ product, keys, said, ask }: CanaryWorld): Promise<{ end(): void }> => {
  await ask('POST', '/console/session', { key: keys.admin }, { headers: { authorization: null, origin: product.api.url } });
  const { body, statusCode } = await request(`${product.api.url}/v1/stream`, {
    headers: { authorization: `Bearer ${keys.admin}` },
    bodyTimeout: 0,
  });
  let text = '';
  body
    .setEncoding('utf8')
    .on('data', (chunk: string) => {
      text += chunk;
    })
    .on('error', () => undefined);
  return {
    end: () => {
      body.destroy();
      said.push({ method: 'GET', path: '/v1/stream', role: 'admin', status: statusCode, text });
    },
  };
};

/** What stands for the parameters of a path; of webhooks each in turn. */
const idsFor = (path: string, { webhooks, flow, cot, events, replay, apiKey }: Subjects, environmentId: string): readonly string[] => {
  const [event = ''] = events;
  const deliveries = [webhooks.bearer, webhooks.basic, webhooks.reset].map((id) => `${event}.${id}`);
  if (path.startsWith('/compat/flow')) return [flow];
  if (path.startsWith('/compat/cot') || path.startsWith('/api/v3')) return [cot];
  if (path.startsWith('/api/event_callbacks')) return deliveries.map((id) => `${id}.1`);
  if (path.startsWith('/v1/deliveries')) return deliveries;
  if (path.startsWith('/v1/events')) return [event];
  if (path.startsWith('/v1/replays')) return [replay];
  if (path.startsWith('/v1/api-keys')) return [apiKey];
  if (path.startsWith('/v1/environments')) return [environmentId];
  return path.includes('webhook') ? Object.values(webhooks) : ['acme'];
};

/** Asks every GET route of the document as every role; what it says is in `said`. Returns how many routes there are. */
export const askForEverything = async (world: CanaryWorld, subjects: Subjects): Promise<number> => {
  const { body: document } = await world.ask('GET', '/openapi.json');
  const routes = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
    'get' in methods && path !== '/v1/stream' ? [path] : [],
  );
  const { body: environments } = await world.ask('GET', '/v1/environments');
  const pathsOf = (route: string): readonly string[] => {
    const filled = route.replace('{version}', '1').replace('{name}', 'checked.type');
    if (!/\{(id|tenant)\}/.test(filled)) return [filled];
    return idsFor(route, subjects, environments.data[0].id).map((id) => filled.replace(/\{(id|tenant)\}/, id));
  };
  const queriesOf = (route: string): readonly string[] => {
    if (route === '/v1/webhooks/export')
      return ['000', '001', '003', '004'].flatMap((dialect) => [`?dialect=${dialect}`, `?dialect=${dialect}&secrets=true`]);
    if (route.endsWith('/explain')) return Object.values(subjects.webhooks).map((id) => `?webhook_id=${id}`);
    return route === '/api/webhooks' ? ['?include=last_event_callbacks'] : [''];
  };
  for (const route of routes)
    for (const path of pathsOf(route))
      for (const query of queriesOf(route))
        for (const role of Object.keys(world.keys)) await world.ask('GET', path + query, undefined, { role });
  return routes.length;
};
