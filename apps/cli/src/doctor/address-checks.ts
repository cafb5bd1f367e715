// Names and ports: whether the names of servers have addresses, and whether the ports are free or answered by a Posthorn.
import { lookup } from 'node:dns/promises';
import { createServer, isIP } from 'node:net';
import type { Config } from '@posthorn/config';
import { answers } from '../api-address.js';
import { type Check, type ErrorWords, ok, problem, warning } from './check.js';

/** The hosts of addresses, comma-separated or one; those after the first may be `host:port` alone. A socket has none. */
export const hostsOf = (urls: string): readonly string[] =>
  urls
    .split(',')
    .map((text) => text.trim())
    .map((text) => (text.includes('://') ? text : `any://${text}`))
    .map((text) => (URL.canParse(text) ? decodeURIComponent(new URL(text).hostname).replace(/^\[|\]$/g, '') : ''))
    .filter((host) => host !== '');

const namedBy = ({ databaseUrl, databaseDirectUrl, redisUrl, smtpUrl, publicUrl }: Config) => ({
  DATABASE_URL: databaseUrl,
  POSTHORN_DATABASE_DIRECT_URL: databaseDirectUrl === databaseUrl ? null : databaseDirectUrl,
  REDIS_URL: redisUrl,
  SMTP_URL: smtpUrl,
  POSTHORN_PUBLIC_URL: publicUrl,
});

/** Looks up every name in the URLs of the configuration. */
export const checkNames = async (config: Config, words: ErrorWords): Promise<readonly Check[]> => {
  const name = 'dns';
  const named = Object.entries(namedBy(config)).flatMap(([variable, urls]) =>
    urls === null ? [] : hostsOf(urls).map((host) => ({ variable, host })),
  );
  const names = named.filter(({ host }) => isIP(host) === 0);
  const failures = await Promise.all(
    names.map(async ({ variable, host }) => {
      try {
        await lookup(host);
        return [];
      } catch (error) {
        const sentence = `${host} (${variable}) has no address: ${words(error)}`;
        const fix = `put ${variable} right, or look at the resolver of this machine`;
        // People open it, from where they are; nothing of ours does.
        return [variable === 'POSTHORN_PUBLIC_URL' ? warning(name, sentence, fix) : problem(name, sentence, fix)];
      }
    }),
  );
  const found = failures.flat();
  if (found.length > 0) return found;
  return [
    ok(name, names.length === 0 ? 'no names are used, only addresses' : `found: ${[...new Set(names.map(({ host }) => host))].join(', ')}`),
  ];
};

/** Where this machine reaches what listens on `host`. */
export const localUrlOf = (host: string, port: number): string => {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
};

/** Listens for a moment. Null: it can be done; else the code of why not. */
const refusalOf = (host: string, port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });

type Port = { readonly name: string; readonly variable: string; readonly port: number };

/** A port that answers as Posthorn does is not listened on: a process that starts now is not in its way. */
const checkPort = async (host: string, { name, variable, port }: Port): Promise<Check> => {
  if (port === 0) return ok(name, 'any that is free');
  const url = localUrlOf(host, port);
  if (await answers(url, '/healthz')) {
    if (await answers(url, '/readyz')) return ok(name, `a Posthorn answers on ${url}, and is ready`);
    return warning(name, `a Posthorn answers on ${url}, and is not ready`, `read what is missing: curl ${url}/readyz`);
  }
  switch (await refusalOf(host, port)) {
    case null:
      return ok(name, `${port} on ${host} is free`);
    case 'EADDRINUSE':
      return problem(
        name,
        `${port} on ${host} is taken by something that does not answer as Posthorn does`,
        `stop it, or set ${variable} to another port`,
      );
    case 'EACCES':
      return problem(name, `this user may not listen on ${port}`, `set ${variable} to a port above 1023`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return problem(name, `${host} is no address of this machine`, 'set HOST to one, or to 0.0.0.0 for all');
    default:
      return problem(name, `nothing can listen on ${port} of ${host}`, `set HOST or ${variable} to another`);
  }
};

/** The ports of the API and of a worker. */
export const checkPorts = ({ host, port, workerPort }: Config): Promise<readonly Check[]> =>
  Promise.all([
    checkPort(host, { name: 'port of the API', variable: 'PORT', port }),
    checkPort(host, { name: 'port of a worker', variable: 'POSTHORN_WORKER_PORT', port: workerPort }),
  ]);
