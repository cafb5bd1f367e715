// Who may only look is offered nothing that fails: every page of the routing is opened with a viewer's key, and whatever it offers is clicked. What is
// refused would be an answer of 400 or more, or a fault of the page.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { useConsole } from './support/console.js';
import { answerDemo, type Demo, seedDemo } from './support/demo.js';
import { untilShown, views } from './support/views.js';
import { createWalker } from './support/walk.js';

const world = useConsole(answerDemo);
let demo: Demo;
beforeAll(async () => {
  demo = await seedDemo(world);
}, 60_000);

describe('a viewer', () => {
  it('can click whatever any page offers, dialogs and menus included', async () => {
    const page = await world.openSignedIn('/', demo.keys.viewer);
    await untilShown(page);
    const walker = createWalker(page);
    const clicked: { readonly route: string; readonly sign: string }[] = [];
    for (const [index, view] of views.entries()) {
      const except = clicked.filter(({ route }) => route === view.route).map(({ sign }) => sign);
      const signs = await walker.walk(view.path(demo), { frame: index === 0, except });
      clicked.push(...signs.map((sign) => ({ route: view.route, sign })));
    }
    expect(walker.refusals).toEqual([]);
    expect(clicked).toContainEqual({ route: '/', sign: 'a Deliveries to /deliveries' });
    expect(clicked).toContainEqual({ route: '/webhooks/:id', sign: 'tab Timeline' });
    const acting = /^button .*(Create|Save|Edit|Delete|Pause|Retry|Cancel|Restore|Reset|Erase|Revoke)/;
    expect(clicked.filter(({ sign }) => acting.test(sign))).toEqual([]);
  }, 400_000);
});
