// Every page of the routing keeps nobody out, as far as axe sees, and fits: light and dark, wide and narrow.
import { beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { seriousViolations, wideElements } from './support/browser.js';
import { useConsole } from './support/console.js';
import { answerDemo, type Demo, seedDemo } from './support/demo.js';
import { readRoutes } from './support/routes.js';
import { untilShown, type View, views } from './support/views.js';

const world = useConsole(answerDemo);
let demo: Demo;
beforeAll(async () => {
  demo = await seedDemo(world);
}, 60_000);

it('knows every page, so a new one is given its case in support/views.ts', () => {
  expect([...new Set(views.map(({ route }) => route))].sort()).toEqual([...readRoutes()].sort());
});

const looks = [
  { width: 1_280, colorScheme: 'light', rules: 'all' },
  { width: 1_280, colorScheme: 'dark', rules: 'colors' },
  { width: 375, colorScheme: 'dark', rules: 'all' },
  { width: 375, colorScheme: 'light', rules: 'colors' },
] as const;
const heightPx = 900;

/** What keeps people out of the page in any of its looks, in words. */
const barriersOf = async (page: Page, { name }: View): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const { width, colorScheme, rules } of looks) {
    await page.setViewportSize({ width, height: heightPx });
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
    await untilShown(page);
    const barriers = [...(await wideElements(page)), ...(await seriousViolations(page, rules))];
    found.push(...barriers.map((each) => `${name}, ${width} px, ${colorScheme}: ${each}`));
  }
  return found;
};

it('is usable by everybody on every page, and fits every screen', async () => {
  const page = await world.openSignedIn('/');
  await untilShown(page);
  const found: string[] = [];
  for (const view of views) {
    await page.goto(world.product.api.url + view.path(demo));
    await untilShown(page);
    found.push(...(await barriersOf(page, view)));
  }
  expect(found).toEqual([]);
}, 180_000);
