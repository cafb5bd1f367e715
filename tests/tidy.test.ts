// The rules of the code that a person would otherwise have to watch: who may import whom, who reads the environment, who calls out, who
// talks to Postgres. A breach is printed as file:line.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

type Source = { readonly path: string; readonly lines: readonly string[]; readonly isTest: boolean };
type Breach = `${string}:${number} ${string}`;

const root = fileURLToPath(new URL('..', import.meta.url));
const linesMax = 400;
/** The oldest Node that is supported and tested. */
const oldestNode = [20, 20, 0] as const;
/** Of what is installed, these ask for a newer Node and run on ours all the same (the tests that use them say so). */
const newerThanOldestNode: ReadonlySet<string> = new Set(['cookie']);

const sourceFolders = (): readonly string[] => [
  ...['packages', 'apps'].flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name, 'src'))),
  join(root, 'bench', 'src'),
];

const sources: readonly Source[] = sourceFolders()
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
  .filter((path) => /\.(m?ts|tsx)$/.test(path) && !path.includes('/src/generated/'))
  .map((path) => ({
    path: relative(root, path),
    lines: readFileSync(path, 'utf8').split('\n'),
    isTest: path.endsWith('.test.ts'),
  }));

const inside = (...folders: readonly string[]) => {
  return (source: Source): boolean => folders.some((folder) => source.path === folder || source.path.startsWith(`${folder}/`));
};
const inBench = inside('bench');
const inTestkit = inside('packages/testkit');
const isProduct = (source: Source): boolean => !source.isTest && !inBench(source) && !inTestkit(source);

/** Comments speak of forbidden things without doing them. */
const codeOf = (line: string): string => (/^\s*(\/\/|\*|\/\*)/.test(line) ? '' : line.replace(/\s\/\/ .*$/, ''));

const breaches = (where: (source: Source) => boolean, judge: (line: string, source: Source) => string | null): readonly Breach[] =>
  sources.filter(where).flatMap((source) =>
    source.lines.flatMap((line, index): Breach[] => {
      const why = judge(codeOf(line), source);
      return why === null ? [] : [`${source.path}:${index + 1} ${why}`];
    }),
  );

const forbid =
  (pattern: RegExp, why: string) =>
  (line: string): string | null =>
    pattern.test(line) ? why : null;

/** The module that a line imports or re-exports from; a multi-line import names it in its last line. */
const importOf = (line: string): string | null => /(?:\bfrom|^\s*import|\bimport\(|\brequire\()\s*['"]([^'"]+)['"]/.exec(line)?.[1] ?? null;

const imports =
  (isBad: (module: string, source: Source) => boolean, why: string) =>
  (line: string, source: Source): string | null => {
    const module = importOf(line);
    return module !== null && isBad(module, source) ? `imports ${module}: ${why}` : null;
  };

const workspaceOf = (source: Source): string => source.path.split('/').slice(0, 2).join('/');
const appNames: ReadonlySet<string> = new Set(readdirSync(join(root, 'apps')).map((name) => `@posthorn/${name}`));

/** Which of our packages each package may import; apps may import all packages, and `cli` puts the apps together. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],
  db: ['core'],
  queue: ['core'],
  egress: ['core'],
  breaker: ['core'],
  dialects: ['core'],
  mail: ['core'],
  telemetry: ['core'],
  testkit: ['core', 'db', 'queue'],
  // Published: it has to stand alone, so that not even core is there.
  client: [],
};

describe('the direction of imports', () => {
  it('looks at every package, so a new one is given its place here', () => {
    expect(readdirSync(join(root, 'packages')).sort()).toEqual(Object.keys(mayImport).sort());
    expect(sources.length).toBeGreaterThan(100);
  });

  it('leaves core pure: nothing but node:crypto comes in', () => {
    const judge = imports((module) => !module.startsWith('./') && module !== 'node:crypto', 'core imports nothing but node:crypto');
    expect(breaches((source) => inside('packages/core')(source) && !source.isTest, judge)).toEqual([]);
  });

  it('goes from apps to packages, and between packages only where it is listed', () => {
    const isBad = (module: string, source: Source): boolean => {
      const ours = /^@posthorn\/([a-z]+)/.exec(module)?.[1];
      return ours !== undefined && !(mayImport[source.path.split('/')[1] ?? ''] ?? []).includes(ours);
    };
    // A test may take testkit's servers.
    const where = (source: Source): boolean => source.path.startsWith('packages/') && !source.isTest;
    expect(breaches(where, imports(isBad, 'not a listed import between packages'))).toEqual([]);
    const onApps = imports((module) => appNames.has(module), 'packages do not know apps');
    expect(breaches((source) => source.path.startsWith('packages/'), onApps)).toEqual([]);
  });

  it('keeps apps apart: only cli puts them together', () => {
    const where = (source: Source): boolean => source.path.startsWith('apps/') && !inside('apps/cli')(source) && !source.isTest;
    expect(
      breaches(
        where,
        imports((module) => appNames.has(module), 'apps do not know each other'),
      ),
    ).toEqual([]);
  });

  it('never reaches into another workspace by a path', () => {
    const isBad = (module: string, source: Source): boolean => {
      if (!module.startsWith('.')) return /^@posthorn\/[a-z]+\//.test(module);
      return !join(source.path, '..', module).startsWith(`${workspaceOf(source)}/`);
    };
    expect(breaches(() => true, imports(isBad, 'a workspace is entered by its index'))).toEqual([]);
  });
});

describe('what only one place may do', () => {
  it('reads the environment in packages/config alone', () => {
    const allowed = inside('packages/config', 'packages/testkit/src/environment.ts', 'bench');
    expect(
      breaches(
        (source) => !source.isTest && !allowed(source),
        forbid(/\bprocess\.env\b|\benv\s*}\s*=\s*process\b/, 'reads the environment'),
      ),
    ).toEqual([]);
  });

  const clientModules =
    /^(undici|axios|got|ky|node-fetch|cross-fetch|isomorphic-fetch|ofetch|wretch|superagent|needle|phin|bent|request|follow-redirects|(node:)?https|(node:)?http2|(node:)?dgram|ws|websocket|eventsource|socket\.io-client)(\/|$)/;
  const callingNames = /^(request|get|connect|createConnection|Agent|ClientRequest|Socket|TLSSocket)\b/;
  const calls: readonly RegExp[] = [
    /(?<![\w.#])fetch\s*\(|\b(?:globalThis|global|window|self)\s*\??\.\s*(?:fetch|WebSocket|EventSource|XMLHttpRequest)\b/g,
    /[[=(,:]\s*fetch\s*[\],;)}]|\bfetch\b[^;\n]*}\s*=\s*(?:globalThis|global|window|self)\b|\[\s*['"]fetch['"]\s*\]/g,
    /\b(?:https?|http2|net|tls)\s*\.\s*(?:request|get|connect|createConnection|Socket|TLSSocket)\s*\(/g,
    /\bnew\s+(?:WebSocket|EventSource|XMLHttpRequest)\b|\bsendBeacon\s*\(/g,
  ];
  /** Import statements may stretch over lines; `type` names call nobody. */
  const imported =
    /\bimport\s+(?!type\b)([^'";]*?)\s*from\s*['"]([^'"]+)['"]|\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm;

  /** Where in a text something is that can call another machine; the text has no comments. */
  const waysOut = (text: string): readonly number[] => {
    const called = calls.flatMap((pattern) => [...text.matchAll(pattern)]).map((match) => match.index);
    const imports = [...text.matchAll(imported)].filter(([, names, from, dynamic, bare]) => {
      const module = from ?? dynamic ?? bare ?? '';
      if (clientModules.test(module)) return !/^{\s*(type\s+\w+\s*,?\s*)+}$/.test(names ?? '');
      if (!/^(node:)?(http|net|tls)$/.test(module)) return false;
      // By name only, so that this can see which.
      if (names === undefined || !/^{[^}]*}$/.test(names)) return true;
      return names
        .slice(1, -1)
        .split(',')
        .some((name) => callingNames.test(name.trim()));
    });
    return [...called, ...imports.map((match) => match.index)];
  };

  it('calls out through egress alone', () => {
    // The client calls our own API, at the address that its user gives; the dashboard runs in browsers, which let it call nothing else.
    const allowed = inside('packages/egress', 'packages/client', 'apps/cli/src/demo', 'apps/dashboard');
    const found = sources
      .filter((source) => isProduct(source) && !allowed(source))
      .flatMap(({ path, lines }) => {
        const text = lines.map(codeOf).join('\n');
        return waysOut(text).map((index) => `${path}:${text.slice(0, index).split('\n').length} calls out past egress`);
      });
    expect(found).toEqual([]);
  });

  it.each([
    "await fetch('http://a')",
    "globalThis.fetch('http://a')",
    'const send = fetch;',
    'retry(fetch, 3)',
    'const { fetch: send } = globalThis;',
    "import http from 'node:http';",
    "import * as net from 'net';",
    "import { request } from 'node:http';",
    "import {\n  createServer,\n  get as read,\n} from 'http';",
    "import { type Server, Agent } from 'node:http';",
    "import { connect } from 'node:net';",
    "import { createConnection as dial } from 'net';",
    "import { Socket } from 'node:net';",
    "import { connect } from 'node:tls';",
    "import { request } from 'node:https';",
    "import { connect } from 'node:http2';",
    "import { createSocket } from 'node:dgram';",
    'http.get(url)',
    'https.request(url)',
    'net.connect(80)',
    'tls.connect({})',
    "import { Pool } from 'undici';",
    "import { fetch } from 'undici/lib/web/fetch/index.js';",
    ...['axios', 'got', 'ky', 'node-fetch', 'superagent', 'needle', 'ws', 'eventsource'].map((name) => `import client from '${name}';`),
    "const axios = await import('axios');",
    "const got = require('got');",
    "import 'isomorphic-fetch';",
    "new WebSocket('ws://a')",
    "new EventSource('/a')",
    'navigator.sendBeacon(url)',
  ])('sees that %j calls out', (text) => {
    expect(waysOut(text).length).toBeGreaterThan(0);
  });

  it.each([
    "import { createServer, type Socket } from 'node:net';",
    "import type { IncomingHttpHeaders } from 'node:http';",
    "import {\n  createServer,\n  type ServerResponse,\n} from 'node:http';",
    "import type { Dispatcher } from 'undici';",
    'this.fetchRows(10); prefetch(); const fetched = 1;',
    "app.get('/v1/events', handler); map.get(key); redis.connect();",
    "import { request } from './request.js';",
  ])('sees that %j does not', (text) => {
    expect(waysOut(text)).toEqual([]);
  });

  it('talks to Postgres in packages/db and the backend of packages/queue alone', () => {
    const allowed = inside('packages/db', 'packages/queue');
    const pg = imports((module) => /^(pg|pg-.*|postgres)$/.test(module), 'SQL belongs to packages/db');
    expect(breaches((source) => isProduct(source) && !allowed(source), pg)).toEqual([]);
    const kysely = imports((module) => module === 'kysely', 'SQL belongs to packages/db');
    expect(breaches((source) => isProduct(source) && !inside('packages/db')(source), kysely)).toEqual([]);
  });

  it('knows BullMQ and Redis in packages/queue alone, opossum in packages/breaker alone', () => {
    const queue = imports((module) => module === 'bullmq' || module === 'ioredis', 'queues belong to packages/queue');
    expect(breaches((source) => isProduct(source) && !inside('packages/queue')(source), queue)).toEqual([]);
    const breaker = imports((module) => module === 'opossum', 'breakers belong to packages/breaker');
    expect(breaches((source) => isProduct(source) && !inside('packages/breaker')(source), breaker)).toEqual([]);
  });
});

describe('what is secret', () => {
  it('is compared by one function, and in the client, which has nothing of ours, by its own', () => {
    const allowed = inside('packages/core/src/same-secret.ts', 'packages/client/src/signature-parts.ts');
    const judge = forbid(/\btimingSafeEqual\b/, 'compares by itself: isSameSecret of core');
    expect(breaches((source) => !allowed(source), judge)).toEqual([]);
  });

  it('is not compared as other values are', () => {
    const judge = forbid(
      /(?:===|!==)\s*(?:\w+[.?!]*\.)?(?:secret|signature|csrf|token|mac)\b(?![.([])|(?<!typeof )\b(?:\w+\.)?(?:secret|signature|csrf|mac)\s*(?:===|!==)(?!\s*(?:undefined|null|true|'')(?!\w))/,
      'is compared in a time that tells: isSameSecret of core',
    );
    const where = (source: Source): boolean => isProduct(source) && !inside('apps/dashboard')(source);
    expect(breaches(where, judge)).toEqual([]);
    for (const line of ['given === current.secret', 'each.secret !== next', "headers['x'] === csrf", 'signature === expected'])
      expect([line, judge(line)]).toEqual([line, expect.any(String)]);
    for (const line of ['secret === undefined', "token === '}'", 'secrets.length === 1', 'tag === token[0]'])
      expect([line, judge(line)]).toEqual([line, null]);
  });
});

describe('what nothing does', () => {
  it('writes to the console', () => {
    expect(breaches((source) => !source.isTest && !inBench(source), forbid(/\bconsole\.\w+\(/, 'uses the console'))).toEqual([]);
  });

  it('exports whatever another file exports', () => {
    expect(breaches(() => true, forbid(/^\s*export\s+(type\s+)?\*/, 'names what it exports'))).toEqual([]);
  });

  it('grows beyond what can be read at once', () => {
    const long = sources.filter((source) => source.lines.length > linesMax);
    expect(long.map((source) => `${source.path}:${linesMax} has ${source.lines.length} lines`)).toEqual([]);
  });
});

type Version = readonly [number, number, number];
const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

/** Whether `version` fits one comparator of a range: `>=18.1`, `^20.0.0`, `6.*`, `20`, `*`. */
const fits = (version: Version, comparator: string): boolean => {
  const [, operator = '', text = ''] = /^(>=|<=|>|<|\^|~|=)?\s*v?(.*)$/.exec(comparator) ?? [];
  const given = text.split('.').filter((part) => /^\d+$/.test(part));
  if (given.length === 0) return true;
  const [major = 0, minor = 0, patch = 0] = given.map(Number);
  const order = compare(version, [major, minor, patch]);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
    case '^':
      return order >= 0 && version[0] === major;
    default:
      return version[0] === major && (given.length < 2 || (version[1] === minor && (operator === '~' || given.length < 3 || order === 0)));
  }
};

const satisfies = (version: Version, range: string): boolean =>
  range.split('||').some((part) =>
    part
      .replace(/(>=|<=|>|<|\^|~|=)\s+/g, '$1')
      .trim()
      .split(/\s+/)
      .every((comparator) => fits(version, comparator)),
  );

describe('what is installed', () => {
  it('runs on the oldest supported Node', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { engines?: { node?: string } }>;
    };
    const packages = Object.entries(lock.packages).map(([path, { engines }]) => ({
      name: path.replace(/^.*node_modules\//, ''),
      range: engines?.node ?? '*',
    }));
    const tooNew = packages.filter(({ range }) => !satisfies(oldestNode, range));
    expect(tooNew.filter(({ name }) => !newerThanOldestNode.has(name))).toEqual([]);
    expect([satisfies(oldestNode, '>=22'), satisfies(oldestNode, '^18 || >=20.19'), satisfies(oldestNode, '>= 20.21')]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
