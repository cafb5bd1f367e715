import { describe, expect, it } from '@jest/globals';
import type { MetricDefinition } from './metric-definition.js';
import { metricList } from './metric-list.js';
import { createMetrics } from './metrics.js';

const declared = Object.values<MetricDefinition>(metricList);

describe('the list of metrics', () => {
  it('has names that say what they are of, each once', () => {
    expect(new Set(declared.map(({ name }) => name)).size).toBe(declared.length);
    const ends = { seconds: '_seconds', bytes: '_bytes', ratio: '_ratio', days: '_days' } as const;
    for (const { name, type, unit, help } of declared) {
      expect([name, name]).toEqual([name, expect.stringMatching(/^posthorn_[a-z_]+[a-z]$/)]);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      const end = ends[unit as keyof typeof ends];
      if (end !== undefined) expect([name, name.replace(/_total$/, '').endsWith(end)]).toEqual([name, true]);
      expect([name, /[.\n]$/.test(help)]).toEqual([name, false]);
    }
  });

  it('has no label that could be an id, and closed lists but for what is closed elsewhere', () => {
    for (const { name, labels } of declared)
      for (const [label, values] of Object.entries(labels)) {
        expect([name, label]).toEqual([name, expect.not.stringMatching(/id$|tenant|webhook|event|url|host/)]);
        if (!('from' in values)) expect([name, label, new Set(values).size]).toEqual([name, label, values.length]);
      }
  });

  it('has buckets for histograms alone, and they rise', () => {
    for (const { name, type, buckets } of declared) {
      expect([name, buckets !== undefined]).toEqual([name, type === 'histogram']);
      expect([name, [...(buckets ?? [])].sort((one, other) => one - other)]).toEqual([name, buckets ?? []]);
    }
  });
});

describe('metrics', () => {
  it.each(['start', 'api', 'worker'] as const)('of %s are those of its role', async (role) => {
    const text = await createMetrics(role).text();
    const shown = [...text.matchAll(/^# TYPE (posthorn_\w+)/gm)].map(([, name]) => name);
    expect(shown.sort()).toEqual(
      declared
        .filter(({ roles }) => role === 'start' || roles.includes(role))
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('begin at 0, and count what is not shown too', async () => {
    const metrics = createMetrics('api');
    metrics.attempts.inc({ outcome: 'retry', answer: '5xx' });
    metrics.eventsAccepted.inc(3);
    const text = await metrics.text();
    expect(text).toContain('posthorn_events_accepted_total 3\n');
    expect(text).toContain('posthorn_events_rejected_total{code="not_json"} 0\n');
    expect(text).toContain('posthorn_commit_seconds_count 0\n');
    expect(text).not.toContain('posthorn_attempts_total');
  });

  it('read when they are asked for, and wait for nothing that takes too long', async () => {
    const metrics = createMetrics('worker');
    let reads = 0;
    metrics.onRead(() => {
      reads += 1;
      metrics.openRequests.set(reads);
    });
    metrics.onRead(() => new Promise<void>(() => undefined));
    expect(await metrics.text()).toContain('posthorn_open_requests 1\n');
    expect(await metrics.text()).toContain('posthorn_open_requests 2\n');
  });
});
