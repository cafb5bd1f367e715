import { describe, expect, it } from '@jest/globals';
import { newId } from './bare/ids.js';
import { createSightings } from './sightings.js';

describe('sightings', () => {
  it('keep every id with its time, beyond the room they began with', () => {
    const sightings = createSightings();
    const ids = Array.from({ length: 70_000 }, newId);
    ids.forEach((id, index) => {
      sightings.add(Buffer.from(`..${id}..`), 2, 0, index);
    });
    expect(sightings.length).toBe(ids.length);
    expect(sightings.count()).toEqual({ ids: ids.length, duplicates: 0 });
    for (const [id, at] of sightings.sample()) expect(ids[at]).toBe(id);
  });

  it('call the second of an id on one channel a duplicate, and on another channel none', () => {
    const sightings = createSightings();
    const id = Buffer.from(newId());
    sightings.add(id, 0, 1, 0);
    sightings.add(id, 0, 2, 0);
    expect(sightings.count()).toEqual({ ids: 1, duplicates: 0 });
    sightings.add(id, 0, 1, 0);
    expect(sightings.count()).toEqual({ ids: 1, duplicates: 1 });
  });

  it('tell of a range of channels alone', () => {
    const sightings = createSightings();
    const ids = Array.from({ length: 6 }, newId);
    ids.forEach((id, index) => {
      sightings.add(Buffer.from(id), 0, index, index);
    });
    sightings.add(Buffer.from(ids[5]!), 0, 5, 9);
    const range = { from: 2, to: 4 };
    expect(sightings.count(range)).toEqual({ ids: 2, duplicates: 0 });
    expect(sightings.sample(range)).toEqual([
      [ids[2], 2],
      [ids[3], 3],
    ]);
    expect(sightings.count({ from: 4, to: 256 })).toEqual({ ids: 2, duplicates: 1 });
  });

  it('choose the same ids in a short and in a long log', () => {
    const [short, long] = [createSightings(), createSightings()];
    const ids = Array.from({ length: 30_000 }, newId);
    ids.forEach((id, index) => {
      long.add(Buffer.from(id), 0, 0, index);
      if (index < 10_000) short.add(Buffer.from(id), 0, 0, index);
    });
    const shared = new Set(short.sample().map(([id]) => id));
    const chosen = long.sample().filter(([, at]) => at < 10_000);
    expect(chosen.length).toBeGreaterThan(100);
    for (const [id] of chosen) expect(shared.has(id)).toBe(true);
  });

  it('are empty after clear', () => {
    const sightings = createSightings();
    sightings.add(Buffer.from(newId()), 0, 0, 0);
    sightings.clear();
    expect(sightings.count()).toEqual({ ids: 0, duplicates: 0 });
  });
});
