// The mail about what was delivered: numbers and links, never what was in it.
import type { Letter } from '@posthorn/core';
import { type Content, consoleLinks, environmentOf, type Section, subtitleOf, titleOf } from './content.js';
import type { Digest, DigestOfWebhook } from './letter.js';
import { countOf, linkOf, numberOf, plain, textCharsMax, timeOf } from './plain.js';
import { write } from './write.js';

const eventTypesMax = 20;
const newestMax = 10;

const sumOf = (byType: DigestOfWebhook['byType']): number => byType.reduce((sum, { count }) => sum + count, 0);

/** Types beyond the most frequent are one line. */
const rowsOf = (byType: DigestOfWebhook['byType']): Section['rows'] => {
  const rest = byType.slice(eventTypesMax);
  return [
    ...byType
      .slice(0, eventTypesMax)
      .map(({ eventType, count }) => ({ label: plain(eventType, textCharsMax.eventType), value: numberOf(count) })),
    ...(rest.length === 0 ? [] : [{ label: countOf(rest.length, 'other type', 'other types'), value: numberOf(sumOf(rest)) }]),
  ];
};

const deliveredOf = ({ byType, firstAt, lastAt }: DigestOfWebhook): string => {
  const when = firstAt.getTime() === lastAt.getTime() ? `at ${timeOf(lastAt)}` : `between ${timeOf(firstAt)} and ${timeOf(lastAt)}`;
  return `${countOf(sumOf(byType), 'delivery', 'deliveries')} succeeded ${when}.`;
};

const speedOf = ({ p95Ms }: DigestOfWebhook): string =>
  p95Ms === null ? '' : `95 % of the attempts took at most ${numberOf(Math.round(p95Ms))} ms (p95). `;

const waitingOf = ({ pending, held }: DigestOfWebhook): string => {
  const parts = [pending > 0 ? `${numberOf(pending)} pending` : '', held > 0 ? `${numberOf(held)} held` : ''].filter((part) => part !== '');
  return parts.length === 0 ? 'Nothing waits.' : `Still waiting: ${parts.join(', ')}.`;
};

const sectionOf = (told: DigestOfWebhook, publicUrl: string): Section => {
  const { webhook, byType, newest } = told;
  const links = consoleLinks(publicUrl);
  const items = newest
    .slice(0, newestMax)
    .flatMap(({ deliveryId, eventType, at }) =>
      links.delivery(plain(eventType, textCharsMax.eventType), deliveryId).map((link) => ({ ...link, aside: timeOf(at) })),
    );
  return {
    title: titleOf(webhook),
    subtitle: subtitleOf(webhook),
    points: [{ tone: 'good', text: deliveredOf(told), rest: speedOf(told) + waitingOf(told) }],
    rows: rowsOf(byType),
    list: items.length === 0 ? null : { title: 'The newest', items },
    links: links.webhook(webhook),
    unsubscribe: linkOf(webhook.unsubscribeUrl),
  };
};

const subjectOf = ({ webhooks, more }: Digest): string => {
  const [first] = webhooks;
  const deliveries = countOf(
    webhooks.reduce((sum, { byType }) => sum + sumOf(byType), 0),
    'delivery',
    'deliveries',
  );
  if (first !== undefined && webhooks.length === 1 && more === 0) return `${deliveries} succeeded: ${titleOf(first.webhook)}`;
  return more === 0
    ? `${deliveries} to ${countOf(webhooks.length, 'webhook', 'webhooks')} succeeded`
    : `Deliveries to ${numberOf(webhooks.length + more)} webhooks succeeded`;
};

const contentOf = (digest: Digest): Content => {
  const { webhooks, more, publicUrl } = digest;
  return {
    title: subjectOf(digest),
    tone: 'good',
    sections: webhooks.map((told) => sectionOf(told, publicUrl)),
    more: more > 0 ? `Deliveries to ${countOf(more, 'more webhook', 'more webhooks')} succeeded, too; the console has them all.` : null,
    notes: [],
    environment: environmentOf(digest),
    home: consoleLinks(publicUrl).home(),
  };
};

/** One mail of what was delivered to some webhooks since they were told last. */
export const writeDigest = (digest: Digest): Letter =>
  write(
    contentOf(digest),
    digest.webhooks.map(({ webhook }) => webhook),
    digest.more,
  );
