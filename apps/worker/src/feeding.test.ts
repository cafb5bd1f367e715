import { describe, expect, it } from '@jest/globals';
import type { Chunk } from '@posthorn/db';
import fc from 'fast-check';
import { chunk } from '../tests/scheduler-world.js';
import { packChunks } from './feeding.js';

describe('packing chunks into jobs', () => {
  it('keeps every chunk whole and in order, and fills jobs up to their bound', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 100 }), (all, deliveriesMax) => {
        const chunks = all.map((size, index) => chunk(String(index), size));
        const jobs = packChunks(chunks, deliveriesMax);
        expect(jobs.flat()).toEqual(chunks);
        const sizeOf = (job: readonly Chunk[]) => job.reduce((sum, each) => sum + each.deliveries.length, 0);
        for (const [index, job] of jobs.entries()) {
          expect(job.length).toBeGreaterThan(0);
          if (job.length > 1) expect(sizeOf(job)).toBeLessThanOrEqual(deliveriesMax);
          const next = jobs[index + 1]?.[0];
          if (next !== undefined) expect(sizeOf(job) + next.deliveries.length).toBeGreaterThan(deliveriesMax);
        }
      }),
    );
  });
});
