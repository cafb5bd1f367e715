// What can be looked at: every page of the routing, with an address that has something to show, and the tabs and panels that are pages in themselves.
import { eventually } from '@posthorn/testkit';
import type { Page } from 'playwright-core';
import type { Demo } from './demo.js';

export type View = {
  /** Of the routing. */
  readonly route: string;
  /** What its pictures are called. */
  readonly name: string;
  readonly path: (demo: Demo) => string;
};

const view = (route: string, name: string, path: View['path'] = () => route): View => ({ route, name, path });

export const views: readonly View[] = [
  view('/', 'overview'),
  view('/webhooks', 'webhooks'),
  view('/webhooks/:id', 'webhook', ({ broken }) => `/webhooks/${broken}`),
  view('/webhooks/:id', 'webhook-configuration', ({ webhook }) => `/webhooks/${webhook}?tab=configuration`),
  view('/webhooks/:id', 'webhook-versions', ({ webhook }) => `/webhooks/${webhook}?tab=versions`),
  view('/webhooks/:id', 'webhook-timeline', ({ broken }) => `/webhooks/${broken}?tab=timeline`),
  view('/webhooks/:id/last-failure', 'webhook-last-failure', ({ broken }) => `/webhooks/${broken}/last-failure`),
  view('/webhooks/:id/edit', 'webhook-edit', ({ webhook }) => `/webhooks/${webhook}/edit`),
  view('/events', 'events'),
  view('/events/:id', 'event', ({ event }) => `/events/${event}`),
  view('/events/:id', 'event-explained', ({ event, filtered }) => `/events/${event}?explain=${filtered}`),
  view('/deliveries', 'deliveries'),
  view('/deliveries/:id', 'delivery', ({ event, webhook }) => `/deliveries/${event}.${webhook}`),
  view('/deliveries/:id', 'delivery-held', ({ event, broken }) => `/deliveries/${event}.${broken}`),
  view('/replays', 'replays'),
  view('/replays/:id', 'replay', ({ replay }) => `/replays/${replay}`),
  view('/notifications', 'notifications'),
  view('/event-types', 'event-types'),
  view('/event-types/new', 'event-type-new'),
  view('/event-types/of/:name', 'event-type', ({ eventType }) => `/event-types/of/${eventType}`),
  view('/event-types/edit/:name', 'event-type-edit', ({ eventType }) => `/event-types/edit/${eventType}`),
  view('/tenants', 'tenants'),
  view('/tenants/new', 'tenant-new'),
  view('/tenants/of/:tenant', 'tenant', ({ tenant }) => `/tenants/of/${tenant}`),
  view('/tenants/edit/:tenant', 'tenant-edit', ({ tenant }) => `/tenants/edit/${tenant}`),
  view('/tenants/keys', 'keys'),
  view('/tenants/keys/new', 'key-new'),
  view('/tenants/keys/:id', 'key', ({ key }) => `/tenants/keys/${key}`),
  view('/tenants/audit', 'audit'),
  view('/settings', 'settings'),
  view('/settings/webhooks', 'webhook-settings'),
  view('/settings/webhooks/new', 'webhook-new'),
  view('/settings/environment', 'environment'),
  view('/settings/environment/new', 'environment-new'),
  view('/health', 'health'),
  view('*', 'not-found', () => '/no/such/page'),
];

/** Running ones that have an end: colours and widths that are on their way. */
export const transitions = `document.getAnimations().filter((each) => each.playState === 'running'
  && each.effect.getComputedTiming().endTime !== Infinity).length`;

/** Resolves when the page has what it is about: nothing loads any more, in the page or in a part of it, and nothing is on its way to another look. */
export const untilShown = async (page: Page): Promise<void> => {
  await page.getByRole('heading', { level: 1 }).waitFor();
  const loading = page.locator('[role=status][aria-label=Loading], [aria-busy=true], .mantine-Skeleton-root');
  await eventually(async () => (await loading.count()) === 0 && (await page.evaluate(transitions)) === 0);
};
