// A mail for those who read text.
import { type Content, isOfOne, type Section } from './content.js';

const rule = '-'.repeat(60);

const sectionAsText = ({ title, subtitle, points, rows, list, links, unsubscribe }: Section, isAlone: boolean): string =>
  [
    [...(isAlone ? [] : [title]), ...subtitle],
    ...points.map(({ text, rest }) => [text, ...(rest === null ? [] : [rest])]),
    rows.map(({ label, value }) => `${label}: ${value}`),
    list === null ? [] : [`${list.title}:`, ...list.items.flatMap(({ label, aside, url }) => [`- ${label}, ${aside}`, `  ${url}`])],
    links.map(({ label, url }) => `${label}: ${url}`),
    unsubscribe === null ? [] : [`No more mails about this webhook: ${unsubscribe}`],
  ]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');

/** Lines are as long as they are: mail programs break them. */
export const asText = (content: Content): string => {
  const { title, sections, more, notes, environment, home } = content;
  const isAlone = isOfOne(content);
  const parts = [
    title,
    ...sections.flatMap((section) => [...(isAlone ? [] : [rule]), sectionAsText(section, isAlone)]),
    ...(isAlone ? [] : [rule]),
    more,
    ...notes.map(({ text, rest }) => `${text} ${rest ?? ''}`.trimEnd()),
    [`-- \nPosthorn, environment ${environment}`, ...(home === null ? [] : [home.url])].join('\n'),
  ];
  return `${parts.filter((part) => part !== null).join('\n\n')}\n`;
};
