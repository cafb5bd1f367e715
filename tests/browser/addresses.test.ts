// Whoever may do less than an admin, and more or other than a viewer, comes to every page by its address: nothing is asked for that would be refused.
import { beforeAll, expect, it } from '@jest/globals';
import { useConsole } from './support/console.js';
import { answerDemo, type Demo, seedDemo } from './support/demo.js';
import { untilShown, views } from './support/views.js';
import { createWalker } from './support/walk.js';

const world = useConsole(answerDemo);
let demo: Demo;
beforeAll(async () => {
  demo = await seedDemo(world);
}, 60_000);

it.each(['operator', 'publisher', 'channel'] as const)(
  'every page can be opened with a key of role %s',
  async (role) => {
    const page = await world.openSignedIn('/', demo.keys[role]);
    await untilShown(page);
    const walker = createWalker(page);
    // A replay of the whole environment is none of a tenant's: to its keys it is not there.
    const its = views.filter(({ route }) => role !== 'channel' || route !== '/replays/:id');
    for (const view of its) await walker.visit(view.path(demo));
    expect(walker.refusals).toEqual([]);
  },
  120_000,
);
