// Walks through a page as somebody would who tries everything: clicks each control that it offers, once for each thing that it is, and notes what fails.
import { eventually, patience } from '@posthorn/testkit';
import type { Page, Request } from 'playwright-core';
import { transitions, untilShown } from './views.js';

/** To an address of the console without loading it anew, as its links do. */
export const goWithin = (page: Page, path: string): Promise<unknown> =>
  page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate', { state: null }))`);

export type WalkOptions = {
  /** Controls of the frame, which are the same on every page, as well. */
  readonly frame: boolean;
  /** What was clicked on the page already, with another tab or panel of it open. */
  readonly except: readonly string[];
};

export type Walker = {
  /** Opens the address, and clicks nothing. */
  visit(path: string): Promise<void>;
  /** Opens the address and clicks everything there, what dialogs and menus offer included; returns the signatures of what it clicked. */
  walk(path: string, options: WalkOptions): Promise<readonly string[]>;
  /** Answers of 400 and above, each with the address and the control after which it came. */
  readonly refusals: readonly string[];
};

const clicksMax = 200;
const settledWithinMs = 15_000;

/**
 * Marks the next control that was not clicked yet and returns its signature: its kind and its words, without what differs from row to row. Null: all
 * were, of what is over the page if something is. What opened over the page goes first. The choices of a field are one.
 */
const nextControl = `(clicked, frame) => {
  const controls = 'a[href], button, summary, [role=tab], [role=menuitem], [role=option], [role=combobox], input[type=radio], input[type=checkbox]';
  const over = [...document.querySelectorAll('[role=dialog], [role=menu], [role=listbox]')].filter((one) => one.checkVisibility());
  const scopes = over.length > 0 ? over : [...document.querySelectorAll(frame ? 'body' : 'main')];
  const isOffered = (one) => (one.labels?.[0] ?? one).checkVisibility({ visibilityProperty: true }) && !one.disabled && one.getAttribute('aria-disabled') !== 'true'
    && !one.closest('.skip-link');
  const words = (one) => (one.getAttribute('aria-label') ?? one.textContent ?? '').trim();
  const signature = (one) => {
    const kind = one.getAttribute('role') ?? (one.tagName === 'INPUT' ? one.type : one.tagName.toLowerCase());
    if (kind === 'option') return 'option of ' + one.closest('[role=listbox]').id.replace(/-[^-]*$/, '').length;
    const where = one.tagName === 'A' ? ' to ' + one.getAttribute('href') : '';
    const name = kind === 'combobox' || one.tagName === 'INPUT' ? (one.labels?.[0]?.textContent ?? '') : words(one);
    return (kind + ' ' + name + where).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID').replace(/\\d[\\d,.]*/g, 'N').slice(0, 160);
  };
  document.querySelector('[data-walked-to]')?.removeAttribute('data-walked-to');
  for (const one of scopes.flatMap((scope) => [...scope.querySelectorAll(controls)])) {
    const sign = signature(one);
    if (clicked.includes(sign) || !isOffered(one) || /Sign out/.test(sign)) continue;
    // The kit hides the field behind its words.
    (/radio|checkbox/.test(one.type ?? '') ? one.labels[0] ?? one : one).setAttribute('data-walked-to', '');
    return { sign, over: over.length > 0 };
  }
  return { sign: null, over: over.length > 0 };
}`;

const isOver = `[...document.querySelectorAll('[role=dialog], [role=menu], [role=listbox]')].some((one) => one.checkVisibility())`;

/** To be made once the page is signed in. */
export const createWalker = (page: Page): Walker => {
  const refusals: string[] = [];
  const open = new Set<Request>();
  let last = '';
  page.on('request', (request) => {
    if (!request.url().includes('/v1/stream')) open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  page.on('response', (response) => {
    if (response.status() < 400) return;
    const { pathname, search } = new URL(response.url());
    refusals.push(`${response.status()} ${response.request().method()} ${pathname}${search} after ${last}`);
  });

  const settle = async (): Promise<void> => {
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
    await eventually(async () => open.size === 0 && (await page.evaluate(transitions)) === 0, { timeoutMs: settledWithinMs });
  };
  const origin = new URL(page.url()).origin;
  const go = async (path: string): Promise<void> => {
    if (await page.evaluate('document.getElementById("root") === null')) await page.goto(origin + path);
    else await goWithin(page, path);
    await untilShown(page);
    await settle();
  };
  /** Back to where it began: closes what is over the page, and leaves where a click led. */
  const comeBack = async (path: string): Promise<void> => {
    for (let tries = 0; tries < 3 && (await page.evaluate(isOver)); tries += 1) await page.keyboard.press('Escape');
    const { pathname, search } = new URL(page.url());
    if (pathname + search !== path || (await page.evaluate(isOver))) await go(path);
  };

  const walk: Walker['walk'] = async (path, { frame, except }) => {
    const clicked: string[] = [];
    last = path;
    await go(path);
    for (let clicks = 0; clicks < clicksMax; clicks += 1) {
      // One look for both: what is over the page may go away between two.
      const { sign, over } = await page.evaluate<{ readonly sign: string | null; readonly over: boolean }>(
        `(${nextControl})(${JSON.stringify([...except, ...clicked])}, ${frame})`,
      );
      if (sign === null) {
        if (!over) return clicked;
        await comeBack(path);
        continue;
      }
      clicked.push(sign);
      last = `${path}: ${sign}`;
      const control = page.locator('[data-walked-to]');
      // What went away by itself, such as a message that was read, cannot be clicked any more.
      await control.click({ timeout: 5_000 * patience }).catch(async (error: unknown) => {
        if ((await control.count()) > 0) throw new Error(`${last} cannot be clicked`, { cause: error });
      });
      await settle();
      if (!(await page.evaluate(isOver))) await comeBack(path);
    }
    throw new Error(`${path} offers more than ${clicksMax} controls: ${clicked.slice(-20).join(', ')}`);
  };
  const visit: Walker['visit'] = (path) => {
    last = path;
    return go(path);
  };
  return { visit, walk, refusals };
};
