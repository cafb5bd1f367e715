// Takes a picture of every page in light, in dark and on a narrow screen. No test: `npm run screenshots` runs it, and docs/screenshots has what it took.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { useConsole } from '../browser/support/console.js';
import { answerDemo, seedDemo } from '../browser/support/demo.js';
import { untilShown, views } from '../browser/support/views.js';
import { makeHistory } from './history.js';
import { looks, pictureOf } from './pictures.js';

const world = useConsole(answerDemo);
const withinMs = 600_000;

/** Where the pictures are taken is nobody's business: addresses, ids of processes and names of machines are those of an example. */
const anonymous = (text: string): string =>
  text
    .replaceAll(world.receiver.origin, 'https://hooks.nordic-supply.example')
    .replaceAll(`127.0.0.1:${world.receiver.port}`, 'hooks.nordic-supply.example')
    .replaceAll(/"host":"[^"]*"/g, '"host":"posthorn-1"');

const anonymize = async (page: Page): Promise<void> => {
  await page.route(/\/v1\/(?!stream)/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: anonymous(await response.text()) });
  });
};

it(
  'takes them',
  async () => {
    const demo = await seedDemo(world);
    await makeHistory(world.product);
    mkdirSync(fileURLToPath(new URL('../../docs/screenshots/', import.meta.url)), { recursive: true });
    const page = await world.openSignedIn('/');
    await untilShown(page);
    await anonymize(page);
    for (const view of views) {
      await page.goto(world.product.api.url + view.path(demo));
      for (const look of looks) {
        await page.setViewportSize({ width: look.width, height: look.height });
        await page.emulateMedia({ colorScheme: look.colorScheme });
        await page.locator(`html[data-mantine-color-scheme=${look.colorScheme}]`).waitFor();
        await untilShown(page);
        await page.screenshot({ path: pictureOf(view.name, look.name), scale: 'css', animations: 'disabled', caret: 'hide' });
      }
    }
  },
  withinMs,
);
