// A real browser on the real console: Debian's chromium, driven by playwright-core. What a page must never do is noted while it is open: break a rule
// of its Content-Security-Policy, throw, or write an error to the console.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { patience } from '@posthorn/testkit';
import { type Browser, chromium, type Page } from 'playwright-core';

const actionTimeoutMs = 20_000 * patience;

export type OpenedPage = {
  readonly page: Page;
  /** What went wrong inside the page, in words; to be empty. */
  readonly faults: readonly string[];
  readonly close: () => Promise<void>;
};

export type OpenOptions = {
  /** Pixels; default 1280 × 900. */
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
};

export type BrowserUnderTest = { readonly open: (url: string, options?: OpenOptions) => Promise<OpenedPage> };

const launch = async (): Promise<Browser> => {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const executablePath = folders.map((folder) => join(folder, 'chromium')).find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('the browser tests need chromium on the PATH, and it is not there');
  // Neither root nor a container with a small /dev/shm lets it keep its sandbox.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
};

/** An answer that refuses, or a network that is gone, is no fault of the page, which shows it; browsers write all of them to the console. */
const isExpected = (text: string): boolean =>
  /Failed to load resource: (?:the server responded with a status of 4\d\d|net::ERR_)/.test(text);

const openIn = async (
  browser: Browser,
  url: string,
  { width = 1280, height = 900, colorScheme = 'light' }: OpenOptions,
): Promise<OpenedPage> => {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(actionTimeoutMs);
  const faults: string[] = [];
  await page.exposeFunction('noteViolation', (what: string) => faults.push(`CSP: ${what}`));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    window.noteViolation(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber))`);
  page.on('pageerror', (error) => faults.push(`threw: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isExpected(message.text())) faults.push(`console: ${message.text()}`);
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
};

/** A browser for all tests of a file. */
export const useBrowser = (): BrowserUnderTest => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launch();
  }, 30_000);
  afterAll(() => browser?.close());
  return {
    open: (url, options = {}) => {
      if (browser === undefined) throw new Error('not started yet: ask for it in a test');
      return openIn(browser, url, options);
    },
  };
};

/** Types the key into the page that asks for one. */
export const signIn = async (page: Page, key: string): Promise<void> => {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
};

/** As the browser says of a tab that is behind another. */
export const setHidden = (page: Page, isHidden: boolean): Promise<unknown> =>
  page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: '${isHidden ? 'hidden' : 'visible'}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`);

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What depends on colours; the rest of what axe looks at is the same in the dark. */
const colorRules = ['color-contrast', 'link-in-text-block'];

/**
 * What axe finds that keeps people out: its serious and critical violations, in words. Evaluated from outside, past the page's policy.
 * @param of `colors`: of the rules that are about colours alone
 */
export const seriousViolations = async (page: Page, of: 'all' | 'colors' = 'all'): Promise<readonly string[]> => {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe);
  const options = { resultTypes: ['violations'], ...(of === 'colors' && { runOnly: colorRules }) };
  return page.evaluate<string[]>(`axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 200))))`);
};

/** Elements that reach beyond the right edge of the screen and make the page scroll sideways, in words; those in boxes that scroll themselves do not. */
export const wideElements = (page: Page): Promise<readonly string[]> =>
  page.evaluate<string[]>(`(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const isCut = (element) => element !== null && element !== document.body
      && (getComputedStyle(element).overflowX !== 'visible' || isCut(element.parentElement));
    const wide = [...document.body.querySelectorAll('*')].filter((element) =>
      element.getBoundingClientRect().right > clientWidth + 0.5 && !isCut(element.parentElement));
    return ['the page is ' + scrollWidth + ' px wide', ...wide.slice(-3).map(({ outerHTML }) => outerHTML.slice(0, 200))];
  })()`);
