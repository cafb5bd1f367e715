// The console of a product that runs, with a receiver beside it, for all tests of a file; a fault of a page fails the test in which it came,
// and so does `window.hacked`, which hostile texts would set.
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { type Receiver, type Script, startReceiver } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import { type Product, startProduct } from '../../system/support/product.js';
import { type OpenedPage, type OpenOptions, signIn, useBrowser } from './browser.js';

export type Console = {
  readonly product: Product;
  readonly receiver: Receiver;
  readonly adminKey: string;
  /** Opens a page in a browser of its own that nobody has signed in to. */
  open(path: string, options?: OpenOptions): Promise<Page>;
  /** Signs in, by default as admin, and goes on to the page. */
  openSignedIn(path: string, key?: string, options?: OpenOptions): Promise<Page>;
  /** Faults of the pages of this test that fit are none. */
  expectFaults(pattern: RegExp): void;
};

/** Its members are there once the tests run. @param env variables of the product beside those that it always has */
export const useConsole = (answer: Script = {}, env: Readonly<Record<string, string>> = {}): Console => {
  const browser = useBrowser();
  const opened: OpenedPage[] = [];
  let product: Product | undefined;
  let receiver: Receiver | undefined;
  let expected: RegExp | undefined;
  const ready = <T>(it: T | undefined): T => {
    if (it === undefined) throw new Error('not started yet: ask for it in a test');
    return it;
  };
  beforeAll(async () => {
    [product, receiver] = await Promise.all([startProduct({ env }), startReceiver({ answer })]);
  }, 90_000);
  afterEach(async () => {
    const faults = opened.flatMap((each) => each.faults).filter((fault) => !expected?.test(fault));
    const hacked = await Promise.all(opened.map(({ page }) => (page.isClosed() ? undefined : page.evaluate('window.hacked'))));
    await Promise.all(opened.splice(0).map((each) => each.close()));
    expected = undefined;
    expect([faults, hacked.filter((by) => by !== undefined)]).toEqual([[], []]);
  });
  afterAll(async () => {
    await product?.stop();
    await receiver?.stop();
  }, 60_000);

  const open: Console['open'] = async (path, options) => {
    const one = await browser.open(ready(product).api.url + path, options);
    opened.push(one);
    return one.page;
  };
  const adminKey = (): string => ready(product).env.POSTHORN_BOOTSTRAP_KEY ?? '';
  return {
    get product() {
      return ready(product);
    },
    get receiver() {
      return ready(receiver);
    },
    get adminKey() {
      return adminKey();
    },
    open,
    openSignedIn: async (path, key = adminKey(), options) => {
      const page = await open(path, options);
      await signIn(page, key);
      return page;
    },
    expectFaults: (pattern) => {
      expected = pattern;
    },
  };
};
