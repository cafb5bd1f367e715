// What stands in a mail, before it is text or HTML. All of it is plain: one line without control characters, links that are http(s).
import type { NamedWebhook, Trouble } from './letter.js';
import { linkOf, plain, textCharsMax } from './plain.js';

export type Link = { readonly label: string; readonly url: string };

export type Tone = 'bad' | 'good' | 'calm';

/** @param text what happened, in a sentence @param rest why, and what will happen or can be done */
export type Point = { readonly tone: Tone; readonly text: string; readonly rest: string | null };

/** Of one webhook. */
export type Section = {
  readonly title: string;
  /** Lines. */
  readonly subtitle: readonly string[];
  readonly points: readonly Point[];
  readonly rows: readonly { readonly label: string; readonly value: string }[];
  /** What else there is to look at, under a title, with a word of its own for each. */
  readonly list: { readonly title: string; readonly items: readonly (Link & { readonly aside: string })[] } | null;
  readonly links: readonly Link[];
  readonly unsubscribe: string | null;
};

export type Content = {
  readonly title: string;
  readonly tone: Tone;
  readonly sections: readonly Section[];
  readonly more: string | null;
  /** Words that explain every section at once. */
  readonly notes: readonly Point[];
  readonly environment: string;
  readonly home: Link | null;
};

/** Whether the mail's title says already which webhook is meant. */
export const isOfOne = ({ sections, more }: Pick<Content, 'sections' | 'more'>): boolean => sections.length === 1 && more === null;

/** How a webhook is called: by its name, else by its URL. */
export const titleOf = ({ id, name, url }: NamedWebhook): string =>
  plain(name ?? '', textCharsMax.name) || plain(url, textCharsMax.name) || plain(id, textCharsMax.name) || 'a webhook';

/** Where it goes and whose it is; the URL is not said twice. */
export const subtitleOf = (webhook: NamedWebhook): readonly string[] => {
  const url = plain(webhook.url, textCharsMax.url);
  return [...(url === '' || url === titleOf(webhook) ? [] : [url]), `Tenant ${plain(webhook.tenant, textCharsMax.tenant)}`];
};

const idCharsMax = 100;
/** Part of a path. */
const part = (id: string): string => encodeURIComponent(plain(id, idCharsMax));

/** Links into the console; what cannot be one is left out. */
export const consoleLinks = (publicUrl: string) => {
  const base = publicUrl.replace(/\/+$/, '');
  const link = (label: string, path: string): readonly Link[] => {
    const url = linkOf(base + path);
    return url === null ? [] : [{ label, url }];
  };
  return {
    home: (): Link | null => link('Open the console', '/')[0] ?? null,
    webhook: ({ id }: NamedWebhook) => link('Open the webhook', `/webhooks/${part(id)}`),
    lastFailure: ({ id }: NamedWebhook) => link('See the last failure', `/webhooks/${part(id)}/last-failure`),
    failed: ({ id }: NamedWebhook) => link('All failed deliveries', `/deliveries?webhook_id=${part(id)}&status=failed`),
    delivery: (label: string, id: string) => link(label, `/deliveries/${part(id)}`),
  };
};

/** Only a mail about one webhook can be ended by its header: whoever presses that button would not know which they end. */
export const unsubscribeHeaders = (webhooks: readonly NamedWebhook[], more: number): Readonly<Record<string, string>> => {
  const [webhook, another] = webhooks;
  const url = webhook === undefined || another !== undefined || more > 0 ? null : linkOf(webhook.unsubscribeUrl);
  return url === null ? {} : { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
};

export const environmentOf = ({ environment }: Pick<Trouble, 'environment'>): string => plain(environment, textCharsMax.environment);
