// Every page of the routing keeps nobody out, as far as axe sees, and fits a screen of the width: in light and in dark.
import { beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { seriousViolations, wideElements } from './browser.js';
import { useConsole } from './console.js';
import { answerDemo, type Demo, seedDemo } from './demo.js';
import { untilShown, type View, views } from './views.js';

const heightPx = 900;
/** Only what depends on colours is another in the dark. */
const looks = [
  { colorScheme: 'light', rules: 'all' },
  { colorScheme: 'dark', rules: 'colors' },
] as const;

/** What keeps people out of the page in any of its looks, in words. */
const barriersOf = async (page: Page, { name }: View): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const { colorScheme, rules } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
    await untilShown(page);
    const barriers = [...(await wideElements(page)), ...(await seriousViolations(page, rules))];
    found.push(...barriers.map((each) => `${name}, ${colorScheme}: ${each}`));
  }
  return found;
};

/** The tests of a file. */
export const testEveryPage = (width: number): void => {
  const world = useConsole(answerDemo);
  let demo: Demo;
  beforeAll(async () => {
    demo = await seedDemo(world);
  }, 60_000);

  it(`is usable by everybody on every page, and fits ${width} px`, async () => {
    const page = await world.openSignedIn('/', undefined, { width, height: heightPx });
    await untilShown(page);
    const found: string[] = [];
    for (const view of views) {
      await page.goto(world.product.api.url + view.path(demo));
      await untilShown(page);
      found.push(...(await barriersOf(page, view)));
    }
    expect(found).toEqual([]);
  }, 180_000);
};
