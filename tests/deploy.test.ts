// What is shipped for those who run Posthorn says what the code says: alerts, dashboard, scaling, the compose file and the runbooks.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createProgram, runProgram } from '@posthorn/cli';
import { readConfig, variables } from '@posthorn/config';
import { createHotPool, type HotPool } from '@posthorn/db';
import { createMetrics, logCatalogue, type MetricDefinition, metricList } from '@posthorn/telemetry';
import { createTestDatabase, type TestDatabase } from '@posthorn/testkit';
import { parse } from 'yaml';
import { parseExposition } from './system/support/exposition.js';
import { readQuery } from './system/support/promql.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
};
type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly datasource?: unknown;
  readonly targets?: readonly { readonly expr: string; readonly refId: string; readonly datasource?: unknown }[];
};
type Dashboard = {
  readonly id?: unknown;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly Panel[];
};

const rules = (parse(read('deploy/prometheus/rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/posthorn.json')) as Dashboard;
const { panels } = dashboard;
const scaled = parse(read('deploy/keda/scaled-object.yaml')) as { spec: { triggers: { metadata: { query: string } }[] } };
const runbooks = readdirSync(join(root, 'docs/runbooks')).map((name) => ({ name, text: read(`docs/runbooks/${name}`) }));
const blocksOf = (text: string, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, block]) => (block ?? '').trim());
const inlineOf = (text: string): readonly string[] =>
  [...text.replace(/```.*?```/gs, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');

/** Every query that is shipped, and where it stands. */
const queries: readonly (readonly [string, string])[] = [
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [`panel ${title}`, expr] as const)),
  ...scaled.spec.triggers.map(({ metadata }) => ['KEDA', metadata.query] as const),
  ...runbooks.flatMap(({ name, text }) => [
    ...blocksOf(text, 'promql').flatMap((block) => block.split('\n').map((line) => [name, line] as const)),
    ...inlineOf(text)
      .filter((code) => /^(sum|max|min)\(|^(posthorn|nodejs|process)_\w+/.test(code))
      .map((code) => [name, code.replace(/ (0|1)$/, ' == $1')] as const),
  ]),
];

const declared = new Map(Object.values<MetricDefinition>(metricList).map((metric) => [metric.name, metric]));
const ofPrometheus = new Set(['job', 'instance', 'le']);

/** The metric whose samples have this name. */
const definitionOf = (sample: string): MetricDefinition | undefined => {
  const histogram = declared.get(sample.replace(/_(bucket|sum|count)$/, ''));
  return histogram?.type === 'histogram' ? histogram : declared.get(sample);
};

describe('the queries', () => {
  it('name metrics, labels and values that there are', async () => {
    const shown = parseExposition(await createMetrics('start').text());
    const samples = new Set([
      'up',
      ...shown.keys(),
      ...[...declared].flatMap(([name]) => [`${name}_bucket`, `${name}_sum`, `${name}_count`]),
    ]);
    const strange = queries.flatMap(([where, text]) =>
      readQuery(text).selectors.flatMap(({ metric, matchers }) => {
        const definition = definitionOf(metric);
        if (!samples.has(metric) || (/^posthorn_/.test(metric) && definition === undefined)) return [`${where}: there is no ${metric}`];
        return matchers.flatMap(({ label, operator, value }) => {
          if (ofPrometheus.has(label)) return [];
          const values = definition?.labels[label];
          if (values === undefined) return [`${where}: ${metric} has no label ${label}`];
          if ('from' in values) return [];
          const isValue = operator.includes('~') ? values.some((each) => new RegExp(`^(${value})$`).test(each)) : values.includes(value);
          return isValue ? [] : [`${where}: ${label} of ${metric} is never ${value}`];
        });
      }),
    );
    expect(strange).toEqual([]);
    expect(queries.length).toBeGreaterThan(120);
  });

  it('count histograms as histograms, and group by labels that the metrics have', () => {
    const strange = queries.flatMap(([where, text]) => {
      const { selectors, groupings } = readQuery(text);
      const known = new Set([...ofPrometheus, ...selectors.flatMap(({ metric }) => Object.keys(definitionOf(metric)?.labels ?? {}))]);
      return [
        ...groupings.filter((label) => !known.has(label)).map((label) => `${where}: nothing has a label ${label}`),
        ...selectors
          .filter(({ metric }) => definitionOf(metric)?.type === 'histogram' && declared.has(metric) && /\(/.test(text))
          .map(({ metric }) => `${where}: ${metric} has no samples of that name`),
      ];
    });
    expect(strange).toEqual([]);
  });

  it('add up what is of a process, and take the most of what every process says of the whole', () => {
    const strange = queries.filter(([, text]) =>
      readQuery(text).selectors.some(({ metric }) => {
        const definition = definitionOf(metric);
        if (definition?.of !== 'installation' || !text.includes('(')) return false;
        return !new RegExp(`(max|min)( by \\([\\w, ]+\\))? ?\\([^()]*${metric}`).test(text);
      }),
    );
    expect(strange).toEqual([]);
  });

  it('use every metric somewhere', () => {
    const used = new Set(queries.flatMap(([, text]) => readQuery(text).selectors.map(({ metric }) => definitionOf(metric)?.name)));
    expect([...declared.keys()].filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('the alerts', () => {
  it('say how bad it is and what it is, and lead to a runbook that leads back', () => {
    expect(rules.length).toBeGreaterThanOrEqual(14);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(page|warning)$/)]);
      expect([alert, annotations.summary.length > 10, annotations.description.length > 10]).toEqual([alert, true, true]);
      const book = runbooks.find(({ name }) => `docs/runbooks/${name}` === annotations.runbook_url);
      expect([alert, book?.text]).toEqual([alert, expect.stringContaining(`Alert: \`${alert}\` (${labels.severity}).`)]);
    }
  });
});

describe('the runbooks', () => {
  const index = runbooks.find(({ name }) => name === 'README.md')?.text ?? '';
  const books = runbooks.filter(({ name }) => name !== 'README.md');

  it('are all in the index, and have all parts', () => {
    const parts = ['What it means', 'What customers notice', 'How to look', 'What to do', 'How to know that it is over'];
    for (const { name, text } of books) {
      expect([name, index]).toEqual([name, expect.stringContaining(`](${name})`)]);
      expect([name, [...text.matchAll(/^## (.*)$/gm)].map(([, part]) => part)]).toEqual([name, parts]);
      const alert = /Alert: `(\w+)`/.exec(text)?.[1];
      if (alert !== undefined) expect(rules.map((rule) => rule.alert)).toContain(alert);
    }
    expect(books.length).toBeGreaterThan(30);
  });

  it('link to pages that there are', () => {
    const broken = runbooks.flatMap(({ name, text }) =>
      [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)]
        .map(([, to]) => to ?? '')
        .filter((to) => !existsSync(join(root, 'docs/runbooks', to)))
        .map((to) => `${name}: ${to}`),
    );
    expect(broken).toEqual([]);
  });

  it('name routes, variables and log lines that there are', () => {
    const { paths } = JSON.parse(read('docs/openapi.json')) as { paths: Record<string, Record<string, unknown>> };
    const configuration = readdirSync(join(root, 'packages/config/src'))
      .filter((name) => !name.includes('.test.'))
      .map((name) => read(`packages/config/src/${name}`))
      .join('');
    const strange = runbooks.flatMap(({ name, text }) =>
      inlineOf(text).flatMap((code) => {
        const [, method, path] = /^(GET|POST|PATCH|PUT|DELETE) (\/\S+)$/.exec(code) ?? [];
        const isRoute = method === undefined || code.includes('…') || paths[path ?? '']?.[method.toLowerCase()] !== undefined;
        const isVariable =
          !/^(POSTHORN_\w+|SMTP_URL|REDIS_URL|DATABASE_URL)$/.test(code) || new RegExp(`\\b${code}\\b`).test(configuration);
        const isLine = !/^(worker|process|queue|request|dispatch|chunks|mail|scheduler)\.[a-z_]+$/.test(code) || code in logCatalogue;
        return isRoute && isVariable && isLine ? [] : [`${name}: ${code}`];
      }),
    );
    expect(strange).toEqual([]);
  });

  it('name commands that there are', async () => {
    const commands = new Set(runbooks.flatMap(({ text }) => text.match(/npx posthorn [^`\n]+/g) ?? []));
    expect(commands.size).toBeGreaterThan(0);
    for (const command of commands) {
      const path = command.split(' ').slice(2);
      let help = '';
      const print = (text: string): void => {
        help += text;
      };
      await runProgram(createProgram({ print, warn: print }), [...path, '--help'], { print, warn: print });
      expect(help).toContain(`Usage: posthorn ${path.join(' ')} `);
    }
  });
});

describe('the SQL of the runbooks', () => {
  let database: TestDatabase | undefined;
  let pool: HotPool | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createHotPool({ url: database.url, max: 1, applicationName: 'test', onError: () => undefined });
  }, 60_000);
  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });

  it.each(runbooks.flatMap(({ name, text }) => blocksOf(text, 'sql').map((block, index) => [name, index + 1, block] as const)))(
    '%s, number %i, is understood by Postgres',
    async (_name, _index, block) => {
      const client = await pool?.connect();
      try {
        await client?.query('begin');
        await expect(client?.query(block)).resolves.toMatchObject({ rows: expect.any(Array) });
      } finally {
        await client?.query('rollback');
        client?.release();
      }
    },
  );
});

describe('the dashboard', () => {
  it('has rows of panels, each with a query and a place of its own', () => {
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Golden signals',
      'Queue',
      'Endpoints',
      'Phases',
      'Runtime',
      'API',
    ]);
    const drawn = panels.filter(({ type }) => type !== 'row');
    expect(drawn.length).toBeGreaterThanOrEqual(25);
    expect(drawn.filter(({ targets = [] }) => targets.length === 0)).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it('is one that Grafana 12 loads: its schema, no id of a database, and no two panels in one place', () => {
    const { id, uid, schemaVersion, title } = dashboard;
    expect({ id, uid, title }).toEqual({ id: undefined, uid: 'posthorn', title: 'Posthorn' });
    // What Grafana 12 writes itself.
    expect(schemaVersion).toBe(41);
    const taken = new Set<string>();
    for (const { title: panel, gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      expect([panel, w > 0 && h > 0 && x >= 0 && x + w <= 24]).toEqual([panel, true]);
      for (let column = x; column < x + w; column++)
        for (let row = y; row < y + h; row++) {
          expect([panel, taken.has(`${column} ${row}`)]).toEqual([panel, false]);
          taken.add(`${column} ${row}`);
        }
    }
  });

  it('asks the data source that is chosen on it, first the one that is provisioned, and nothing else that varies', () => {
    const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { uid: string; name: string; type: string }[];
    };
    const [source] = datasources;
    const [variable, ...others] = dashboard.templating.list;
    expect(others).toEqual([]);
    expect(variable).toMatchObject({
      name: 'datasource',
      type: 'datasource',
      query: source?.type,
      current: { text: source?.name, value: source?.uid },
    });
    const asked = { type: 'prometheus', uid: `\${${variable?.name}}` };
    for (const { title, type, datasource, targets = [] } of panels.filter((panel) => panel.type !== 'row')) {
      expect([title, type]).toEqual([title, expect.stringMatching(/^(timeseries|stat|table|bargauge|gauge|heatmap)$/)]);
      for (const each of [datasource, ...targets.map((target) => target.datasource)]) expect([title, each]).toEqual([title, asked]);
      expect([title, new Set(targets.map(({ refId }) => refId)).size]).toEqual([title, targets.length]);
    }
    // Grafana's own variables apart, nothing in a query is filled in.
    const filledIn = new Set(panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr.match(/\$\{?\w+/g) ?? [])));
    expect([...filledIn].filter((each) => !['$__rate_interval', '$__range', '$__interval'].includes(each))).toEqual([]);
  });
});

describe('the compose file', () => {
  type Service = {
    readonly image?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly profiles?: readonly string[];
    readonly volumes?: readonly string[];
    readonly ports?: readonly string[];
    readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  };
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };

  it('has pinned images, services and volumes that there are, and ports of this machine alone', () => {
    for (const [name, { image = '', depends_on: needs = [], volumes = [], ports = [] }] of Object.entries(compose.services)) {
      expect([name, image]).toEqual([name, expect.stringMatching(/^(posthorn|[\w./-]+:v?\d[\w.]*)$/)]);
      expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Array.isArray(needs) ? [...needs] : Object.keys(needs)));
      for (const [source = '', target = ''] of volumes.map((volume) => volume.split(':'))) {
        expect([source, source.startsWith('./') ? existsSync(join(root, source)) : source in compose.volumes]).toEqual([source, true]);
        expect(target).toMatch(/^\//);
      }
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('lets workers be as many as wanted, and finds them by the name of their service', () => {
    expect(compose.services.worker).not.toHaveProperty('ports');
    expect(compose.services.worker).not.toHaveProperty('container_name');
    type Discovery = { readonly names: readonly string[]; readonly port: number };
    const { scrape_configs: jobs, rule_files: files } = parse(read('deploy/prometheus/prometheus.yml')) as {
      scrape_configs: { readonly job_name: string; readonly dns_sd_configs: readonly Discovery[] }[];
      rule_files: readonly string[];
    };
    const found = jobs.flatMap((job) => job.dns_sd_configs.flatMap(({ names, port }) => names.map((name) => [job.job_name, name, port])));
    expect(found).toEqual([
      ['posthorn-api', 'api', 3400],
      ['posthorn-worker', 'worker', 3401],
    ]);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['api', 'worker']));
    for (const file of files) expect(existsSync(join(root, 'deploy/prometheus', file))).toBe(true);
  });

  it('hands every variable of traces to API and workers, which take it as not set where nobody sets it', () => {
    const handed = { ...compose.services.api?.environment, ...compose.services.worker?.environment };
    const traced = Object.keys(variables.properties).filter((name) => /^OTEL_|_TRACE_/.test(name));
    expect(traced.length).toBeGreaterThanOrEqual(6);
    for (const name of [...traced, 'OTEL_RESOURCE_ATTRIBUTES']) expect([name, handed[name]]).toEqual([name, `\${${name}:-}`]);
    expect(handed).toEqual(compose.services.worker?.environment);
    const unset = Object.fromEntries(traced.map((name) => [name, '']));
    expect(readConfig(unset).traces).toBeNull();
    const [, collector] = /OTEL_EXPORTER_OTLP_ENDPOINT=(http:\S+) leads here/.exec(read('docker-compose.yml')) ?? [];
    expect(readConfig({ ...unset, OTEL_EXPORTER_OTLP_ENDPOINT: collector ?? '' })).toEqual(
      readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318' }),
    );
  });

  it('names no variable that nobody reads', () => {
    const names = Object.keys(compose.services.api?.environment ?? {});
    // Read by the library that sends spans.
    const known = new Set([...Object.keys(variables.properties), 'OTEL_RESOURCE_ATTRIBUTES']);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('has Prometheus, Grafana and Jaeger in a profile of their own, and Grafana what it is provisioned with', () => {
    expect(Object.entries(compose.services).filter(([, { profiles }]) => profiles !== undefined)).toEqual([
      ['prometheus', expect.objectContaining({ image: 'prom/prometheus:v3.5.0', profiles: ['observability'] })],
      ['grafana', expect.objectContaining({ image: 'grafana/grafana:12.1.1', profiles: ['observability'] })],
      ['jaeger', expect.objectContaining({ image: 'jaegertracing/jaeger:2.17.0', profiles: ['observability'] })],
    ]);
    const provisioning = 'deploy/grafana/provisioning';
    const { providers } = parse(read(`${provisioning}/dashboards/posthorn.yml`)) as { providers: { options: { path: string } }[] };
    const targets = (compose.services.grafana?.volumes ?? []).map((volume) => volume.split(':')[1] ?? '');
    expect(targets.map(dirname)).toContain(providers[0]?.options.path);
    const { datasources } = parse(read(`${provisioning}/datasources/prometheus.yml`)) as { datasources: { uid: string; url: string }[] };
    expect(datasources).toMatchObject([{ url: 'http://prometheus:9090' }]);
    expect(read('deploy/grafana/posthorn.json')).toContain(datasources[0]?.uid);
  });
});
