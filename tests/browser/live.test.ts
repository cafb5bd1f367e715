// What is shown changes because the stream says so, and no oftener than the console wants: the page's clock stands still in these tests and is moved
// by hand, so that nothing can be read again by a clock.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import type { Page, Request } from 'playwright-core';
import { setHidden } from './support/browser.js';
import { useConsole } from './support/console.js';
import { untilShown } from './support/views.js';

const world = useConsole();
beforeAll(async () => {
  await world.product.api.createWebhook({ url: world.receiver.url('/live'), name: 'Live' });
});
/** Below every interval at which the console has ever read a list by the clock. */
const movedMax = 4_000;
const stepMs = 100;
/** What the stream says is told to the page within that long. */
const toldMs = 600;

type LivePage = {
  readonly page: Page;
  /** Paths that were read since the clock stands. */
  readonly reads: () => readonly string[];
  /** Resolves once the stream has told of it. */
  readonly untilTold: (id: string) => Promise<void>;
  /** Resolves once nothing is being read. */
  readonly untilRead: () => Promise<unknown>;
  /** Moves the page's clock in small steps until it is so; at most `ms` in all. */
  readonly moveUntil: (is: () => Promise<boolean>, ms?: number) => Promise<void>;
};

/** A page whose stream is open and whose clock then stands. */
const openStanding = async (path: string): Promise<LivePage> => {
  const page = await world.openSignedIn(path);
  await untilShown(page);
  await page.clock.install();
  await page.addInitScript(`window.told = [];
    const Source = window.EventSource;
    window.EventSource = class extends Source {
      constructor(...given) {
        super(...given);
        for (const name of ['event', 'attempt', 'circuit']) this.addEventListener(name, ({ data }) => window.told.push(data));
      }
    };`);
  await Promise.all([page.waitForResponse(/\/v1\/stream/), page.reload()]);
  await untilShown(page);
  await untilStreams(page);
  await firstRow(page).waitFor();
  await page.clock.pauseAt(Number(await page.evaluate('Date.now()')) + stepMs);
  const reads: string[] = [];
  const open = new Set<Request>();
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    reads.push(pathname);
    if (pathname !== '/v1/stream') open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  const isReading = (): boolean => open.size > 0;
  let moved = 0;
  return {
    page,
    reads: () => reads,
    untilTold: async (id) => {
      await eventually(() => page.evaluate<boolean>(`window.told.some((data) => data.includes(${JSON.stringify(id)}))`));
    },
    untilRead: () => eventually(() => !isReading()),
    moveUntil: async (is, ms = movedMax) => {
      await eventually(
        async () => {
          if (await is()) return true;
          // What the page does next once an answer is there is due at once. The clock moves on only where it waits for nothing else.
          const step = isReading() || moved + stepMs > ms ? 1 : stepMs;
          await page.clock.runFor(step);
          moved += step;
          return is();
        },
        { timeoutMs: 30_000, everyMs: 200 },
      );
    },
  };
};

/** The processes learn within seconds that somebody looks: resolves once the page was told of something, and shows it. */
const untilStreams = async (page: Page): Promise<void> => {
  await eventually(
    async () => {
      const id = await publish('warm.up');
      await eventually(() => page.evaluate<boolean>(`window.told.filter((data) => data.includes('${id}')).length >= 2`), {
        timeoutMs: 2_000,
      });
      return true;
    },
    { timeoutMs: 20_000 },
  );
};
const publish = (event_type: string): Promise<string> => world.product.api.publish({ event_type, data: {} });
const isVisible = async (page: Page, name: RegExp): Promise<boolean> => (await page.getByRole('button', { name }).count()) > 0;
const firstRow = (page: Page) => page.locator('tbody tr').first();

describe('the stream', () => {
  it('has nothing read in a tab that was left while a read was due, until somebody looks again', async () => {
    const { page, reads, untilTold, untilRead, moveUntil } = await openStanding('/events');
    const ofList = () => reads().filter((path) => path === '/v1/events').length;
    await untilTold(await publish('read.at.once'));
    await moveUntil(async () => ofList() === 1);
    await untilRead();
    // A read was just made: the next one has to wait, and is due once nobody looks.
    await untilTold(await publish('read.later'));
    await page.clock.runFor(toldMs);
    await setHidden(page, true);
    await page.clock.runFor(movedMax);
    expect(ofList()).toBe(1);
    await setHidden(page, false);
    await moveUntil(async () => ofList() > 1, 2 * movedMax);
  }, 90_000);

  it('brings a delivery to a page whose clock stands below every interval of polling', async () => {
    const { page, untilTold, moveUntil } = await openStanding('/deliveries');
    const link = firstRow(page).getByRole('link').first();
    const before = await link.getAttribute('href');
    const id = await publish('told.by.stream');
    await untilTold(id);
    await moveUntil(() => isVisible(page, /^Show \d+ new$/));
    // What one looks at has not moved.
    expect(await link.getAttribute('href')).toBe(before);
    // What was new first may be what was published before the clock stood, and this delivery be read after it: new again, and shown when asked for.
    await moveUntil(async () => {
      const button = page.getByRole('button', { name: /^Show \d+ new$/ });
      if ((await button.count()) > 0) await button.click();
      return (await firstRow(page).textContent())?.includes('told.by.stream') === true;
    });
  }, 90_000);

  it('tells of a thousand attempts without a thousand reads, and without a row that moves', async () => {
    const { page, reads, untilTold, moveUntil } = await openStanding('/deliveries');
    const hrefs = (): Promise<readonly string[]> =>
      page.evaluate(`[...document.querySelectorAll('tbody a.row-link')].map(({ href }) => href)`);
    const shown = await hrefs();
    expect(shown.length).toBeGreaterThan(0);
    let last = '';
    for (let batch = 0; batch < 10; batch += 1) {
      const ids = await world.product.api.publishBatch(Array.from({ length: 100 }, () => ({ event_type: 'many.at.once', data: {} })));
      last = ids.at(-1) ?? '';
    }
    await untilTold(last);
    await moveUntil(() => isVisible(page, /^Show \d+ new$/));
    await page.clock.runFor(movedMax);
    expect(await hrefs()).toEqual(shown);
    // One read at once and one each 1.5 s at most, whatever was told.
    expect(reads().filter((path) => path === '/v1/deliveries').length).toBeLessThanOrEqual(1 + Math.ceil((2 * movedMax) / 1_500));
  }, 90_000);
});
