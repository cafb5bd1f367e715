// The mail about what needs somebody, or needs nobody any more.
import type { Letter, TroubleFact } from '@posthorn/core';
import { type Content, consoleLinks, environmentOf, type Link, type Point, type Section, subtitleOf, titleOf } from './content.js';
import { kindsOf, mainFact, pointsOf, wordsOf } from './facts.js';
import type { NamedWebhook, Trouble } from './letter.js';
import { countOf, linkOf, numberOf } from './plain.js';
import { write } from './write.js';

type Told = Trouble['webhooks'][number];

const isOver = ({ facts }: Told): boolean => mainFact(facts)?.kind === 'webhook_recovered';

/** The most important thing; of one webhook its name is in it. */
const subjectOf = ({ webhooks, more }: Trouble): string => {
  const [first] = webhooks;
  if (first !== undefined && webhooks.length === 1 && more === 0) {
    const fact = mainFact(first.facts);
    return `${fact === null ? 'Webhook' : wordsOf[fact.kind].headline(fact)}: ${titleOf(first.webhook)}`;
  }
  const over = webhooks.filter(isOver).length;
  const open = webhooks.length + more - over;
  if (open === 0) return `${countOf(over, 'webhook', 'webhooks')} recovered`;
  const needs = `${countOf(open, 'webhook needs', 'webhooks need')} attention`;
  return over === 0 ? needs : `${needs}, ${numberOf(over)} recovered`;
};

const deliveryLink = (facts: readonly TroubleFact[], links: ReturnType<typeof consoleLinks>): readonly Link[] => {
  const lost = facts.find(({ kind }) => kind === 'delivery_failed');
  const id = lost?.details.delivery_id;
  if (lost === undefined || typeof id !== 'string') return [];
  return links.delivery(lost.count === 1 ? 'The failed delivery' : 'The last one that failed', id);
};

const linksOf = (webhook: NamedWebhook, facts: readonly TroubleFact[], publicUrl: string): readonly Link[] => {
  const links = consoleLinks(publicUrl);
  const isLost = facts.some(({ kind }) => kind === 'delivery_failed');
  const isFailing = facts.some(({ kind }) => kind === 'circuit_opened' || kind === 'webhook_failing');
  return [
    ...links.webhook(webhook),
    ...deliveryLink(facts, links),
    ...(isLost ? links.failed(webhook) : isFailing ? links.lastFailure(webhook) : []),
  ];
};

const sectionOf = ({ webhook, facts }: Told, publicUrl: string, isAlone: boolean): Section => ({
  title: titleOf(webhook),
  subtitle: subtitleOf(webhook),
  points: pointsOf(facts, isAlone),
  rows: [],
  list: null,
  links: linksOf(webhook, facts, publicUrl),
  unsubscribe: linkOf(webhook.unsubscribeUrl),
});

/** What comes next, once for each kind that is told. */
const notesOf = (webhooks: readonly Told[]): readonly Point[] =>
  kindsOf(webhooks.flatMap(({ facts }) => facts)).map((kind) => ({ tone: wordsOf[kind].tone, ...wordsOf[kind].note }));

const contentOf = (trouble: Trouble): Content => {
  const { webhooks, more, publicUrl } = trouble;
  const isAlone = webhooks.length === 1 && more === 0;
  // What needs somebody comes first.
  const inOrder = [...webhooks.filter((told) => !isOver(told)), ...webhooks.filter(isOver)];
  return {
    title: subjectOf(trouble),
    tone: webhooks.every(isOver) && more === 0 ? 'good' : 'bad',
    sections: inOrder.map((told) => sectionOf(told, publicUrl, isAlone)),
    more: more > 0 ? `${countOf(more, 'more webhook has', 'more webhooks have')} something to tell; the console has them all.` : null,
    notes: isAlone ? [] : notesOf(webhooks),
    environment: environmentOf(trouble),
    home: consoleLinks(publicUrl).home(),
  };
};

/** One mail of all that is told at once. Whatever the webhooks are called, its subject and headers are one line each, and its HTML is ours. */
export const writeTrouble = (trouble: Trouble): Letter =>
  write(
    contentOf(trouble),
    trouble.webhooks.map(({ webhook }) => webhook),
    trouble.more,
  );
