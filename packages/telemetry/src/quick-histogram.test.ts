import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { createQuickHistogram } from './quick-histogram.js';

const buckets = [0.001, 0.01, 0.5, 1, 30];
const [name, help] = ['posthorn_test_seconds', 'Of the test'];
const linesOf = async (registry: Registry): Promise<readonly string[]> => (await registry.metrics()).split('\n').sort();

it('shows what the histogram of prom-client shows', async () => {
  const value = fc.oneof(fc.constantFrom(...buckets, 0, 31), fc.double({ min: 0, max: 100, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('dns', 'tls', 'a "b"\\\n'), value)), async (observed) => {
      const [ours, theirs] = [new Registry(), new Registry()];
      const quick = createQuickHistogram<'phase'>({ name, help, buckets, begun: [{ phase: 'dns' }], registers: [ours] });
      const slow = new Histogram({ name, help, buckets, labelNames: ['phase'], registers: [theirs] });
      slow.zero({ phase: 'dns' });
      for (const [phase, seconds] of observed) {
        quick.labels({ phase }).observe(seconds);
        slow.observe({ phase }, seconds);
      }
      expect(await linesOf(ours)).toEqual(await linesOf(theirs));
    }),
  );
});

it('does the same without labels', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const quick = createQuickHistogram({ name, help, buckets, begun: [{}], registers: [ours] });
  const slow = new Histogram({ name, help, buckets, registers: [theirs] });
  for (const seconds of [0, 0.01, 0.4, 2, 100]) {
    quick.observe(seconds);
    slow.observe(seconds);
  }
  expect(await linesOf(ours)).toEqual(await linesOf(theirs));
});
