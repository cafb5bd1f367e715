// The console while much happens: whether pages that are told of every attempt still answer. The browser shares the machine with what it looks at.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { LoadCommand, LoadReport } from '../load.js';
import { percentile } from '../percentiles.js';
import type { Product } from '../product.js';
import { type Servers, withRig } from '../rig.js';
import type { Figure, Scenario } from './scenario.js';
import { eventTypeOf, openWorld, type World } from './world.js';

const ratePerS = 200;
const webhooks = 10;
const clickEveryMs = 500;
/** For so long, as a share of the time under load, pages are clicked on before it. */
const quietShare = 0.25;
const attemptsAMinuteMin = 10_000;
const taskMsMax = 500;
const clickMsMax = 200;

/** See `story`. */
export const consoleLive: Scenario = {
  name: 'console-live',
  story:
    `Overview, the deliveries and one event are open in a browser on the same machine while ${ratePerS} events a second are delivered to ${webhooks} ` +
    'webhooks for a minute, and before that while nothing happens. Every half second the help of the keyboard is opened or closed on each page, and how long it takes until it is drawn is ' +
    'noted, and the longest task of the main thread.',
  run: (servers, quick) => measure(servers, quick ? 10 : 60),
};

type Watched = { readonly name: string; readonly page: Page };
type Seen = { readonly clicks: readonly number[]; readonly noted: readonly Noted[] };
type Noted = { readonly longest: number; readonly told: number; readonly reads: number };

/** In the page: notes long tasks, what the stream tells, and what is read. */
const noting = `window.noted = { longest: 0, told: 0, reads: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) noted.longest = Math.max(noted.longest, duration);
  }).observe({ type: 'longtask' });
  new PerformanceObserver((list) => {
    noted.reads += list.getEntries().filter(({ name }) => name.includes('/v1/')).length;
  }).observe({ type: 'resource' });
  const Source = window.EventSource;
  window.EventSource = class extends Source {
    constructor(...given) {
      super(...given);
      for (const name of ['event', 'attempt', 'circuit', 'dropped', 'reset']) this.addEventListener(name, () => { noted.told += 1; });
    }
  };`;

const click = `new Promise((resolve) => {
  (document.querySelector('[role=dialog] button') ?? document.querySelector('[aria-label="Keyboard help"]')).click();
  requestAnimationFrame(() => setTimeout(resolve));
})`;

function measure(servers: Servers, seconds: number): Promise<readonly Figure[]> {
  return withRig(servers, 'redis', async (rig) => {
    const world = await openWorld(rig, { workers: 1, webhooks });
    const { id } = await world.product.call<{ id: string }>('/v1/events', { event_type: eventTypeOf(0), data: {} });
    const browser = await rig.opened(launch(), (it) => it.close());
    const pages: Watched[] = [];
    for (const [name, path] of [
      ['overview', '/'],
      ['deliveries', '/deliveries'],
      ['event', `/events/${id}`],
    ] as const)
      pages.push({ name, page: await openPage(browser, world.product, path) });
    const [quiet] = await watch(pages, () => sleep(seconds * 1_000 * quietShare));
    const [live, attempts] = await watch(pages, () => load(world, seconds));
    return figuresOf(pages, live, quiet, (attempts * 60) / seconds);
  });
}

/** Clicks on every page while something is done, and what each page noted meanwhile: what it took to load is none of it. */
async function watch<T>(pages: readonly Watched[], act: () => Promise<T>): Promise<readonly [Seen, T]> {
  for (const { page } of pages) await page.evaluate('Object.assign(window.noted, { longest: 0, told: 0, reads: 0 })');
  const clicks: number[] = [];
  let isOver = false;
  const clicking = Promise.all(pages.map(({ page }) => clickUntil(page, () => isOver, clicks)));
  const done = await act();
  isOver = true;
  await clicking;
  return [{ clicks, noted: await Promise.all(pages.map(({ page }) => page.evaluate<Noted>('window.noted'))) }, done];
}

function figuresOf(pages: readonly Watched[], live: Seen, quiet: Seen, attemptsAMinute: number): readonly Figure[] {
  const drawnWithin = (share: number) => ({ value: percentile([...live.clicks], share), baseline: percentile([...quiet.clicks], share) });
  return [
    {
      name: 'attempts a minute',
      unit: 'delivered',
      value: attemptsAMinute,
      bar: { of: 'value', relation: '≥', limit: attemptsAMinuteMin },
    },
    { name: 'a click is drawn: p50', unit: 'ms', ...drawnWithin(0.5) },
    {
      name: 'a click is drawn: p95',
      unit: 'ms',
      ...drawnWithin(0.95),
      bar: { of: 'value', relation: '≤', limit: clickMsMax },
    },
    { name: 'a click is drawn: the slowest', unit: 'ms', ...drawnWithin(1) },
    ...pages.flatMap(({ name }, index): readonly Figure[] => [
      {
        name: `${name}: longest task`,
        unit: 'ms',
        value: live.noted[index]!.longest,
        baseline: quiet.noted[index]!.longest,
        bar: { of: 'value', relation: '≤', limit: taskMsMax },
      },
      { name: `${name}: messages of the stream`, unit: 'told', value: live.noted[index]!.told },
      { name: `${name}: requests to the API`, unit: 'made', value: live.noted[index]!.reads },
    ]),
  ];
}

async function load({ rig, product, askSink }: World, seconds: number): Promise<number> {
  await askSink({ name: 'reset' });
  const eventTypes = Array.from({ length: webhooks }, (_, index) => eventTypeOf(index));
  const command: LoadCommand = { port: product.port, headers: product.headers, connections: 16, seconds, eventTypes, ratePerS };
  const { refused, firstRefusal } = await rig.load.ask<LoadReport>(command);
  if (refused > 0) throw new Error(`${refused} events were refused, the first with: ${firstRefusal}`);
  return (await askSink({ name: 'progress' })).requests;
}

/** The time counts from where the click is asked for, so a main thread that is busy is seen. */
async function clickUntil(page: Page, isOver: () => boolean, clicks: number[]): Promise<void> {
  while (!isOver()) {
    const askedAt = performance.now();
    await page.evaluate(click);
    clicks.push(performance.now() - askedAt);
    await sleep(clickEveryMs);
  }
}

async function openPage(browser: Browser, { port, headers }: Product, path: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1_280, height: 900 } })).newPage();
  await page.addInitScript(noting);
  await page.goto(`http://127.0.0.1:${port}${path}`);
  await page.getByLabel('API key').fill((headers.authorization ?? '').replace('Bearer ', ''));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Keyboard help' }).waitFor();
  await page.locator('[role=status][aria-label=Loading], .mantine-Skeleton-root').first().waitFor({ state: 'detached' });
  return page;
}

function launch(): Promise<Browser> {
  const executablePath = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'chromium'))
    .find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('this scenario needs chromium on the PATH');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
