// The machinery of the soak, from the command line to the table: its figures mean nothing at this length.
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { startProcess } from '@posthorn/testkit';

const bench = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

it('loads the product, drains it and compares what it holds', async () => {
  const soak = startProcess({ name: 'soak', args: [bench, '--only', 'soak', '--quick'], env: {} });
  const { code } = await soak.exited;
  const output = soak.output();
  expect({ code, output }).toMatchObject({ code: 0 });
  const rows = new Map(
    output
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split(' | ').map((cell) => cell.replace('| ', '')))
      .map(([name, ...cells]) => [name, cells]),
  );
  for (const name of ['api', 'worker 1', 'worker 2'])
    for (const what of ['resident memory, MB', 'heap, least of the samples, MB', 'file descriptors', 'sockets'])
      expect(Number(rows.get(`${name}: ${what}`)?.[1])).toBeGreaterThan(0);
  for (const name of ['Postgres: connections', 'Redis: memory, MB', 'Redis: keys']) expect(Number(rows.get(name)?.[1])).toBeGreaterThan(0);
  const stored = (point: 0 | 1): readonly string[] =>
    ['events', 'deliveries', 'attempts'].map((name) => /\((.+) rows\)/.exec(rows.get(`${name}, MB`)?.[point] ?? '')?.[1] ?? '');
  // One of each for every event: nothing is lost or sent twice, or the soak itself rejects.
  for (const point of [0, 1] as const) expect(new Set(stored(point)).size).toBe(1);
  expect(output).toContain(`${stored(1)[0]} deliveries stored in the end, each with exactly one success`);
}, 300_000);
