// Takes a picture of every kind of mail, wide and narrow. No test: `npm run screenshots` runs it, beside take.ts, or `npm run screenshots -- mails` alone.
import { expect, it } from '@jest/globals';
import { useBrowser } from '../browser/support/browser.js';
import { mailSamples } from './mail-samples.js';
import { mailLooks, pictureOf } from './pictures.js';

const browser = useBrowser();
const withinMs = 120_000;

it(
  'takes them',
  async () => {
    const { page, faults, close } = await browser.open('about:blank');
    for (const [name, { html }] of Object.entries(mailSamples)) {
      for (const look of mailLooks) {
        await page.setViewportSize({ width: look.width, height: look.height });
        await page.emulateMedia({ colorScheme: look.colorScheme });
        await page.setContent(html);
        await page.screenshot({ path: pictureOf(name, look.name), scale: 'css', fullPage: true });
      }
    }
    await close();
    expect(faults).toEqual([]);
  },
  withinMs,
);
