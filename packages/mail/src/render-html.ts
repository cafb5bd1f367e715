// A mail for those who see it: tables and inline styles, since mail programs know little else, with nothing that is loaded or run. Colours of the
// dark come from the one style sheet; where it is dropped, the light ones stay.
import { type Content, isOfOne, type Link, type Point, type Section, type Tone } from './content.js';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** For text between tags and for values of attributes in double quotes. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => escapes[char] ?? '');

const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
const toneColours: Readonly<Record<Tone, string>> = { bad: '#b02525', good: '#1b5e2c', calm: '#2f44ad' };

const styleSheet = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background:#141517!important}
.card{background:#25262b!important;border-color:#373a40!important}
.text{color:#e9ecef!important}
.faint{color:#a6a7ab!important}
.line{border-color:#373a40!important}
.link{color:#91a7ff!important}
.tone-bad{color:#ff8787!important}
.tone-good{color:#8ce99a!important}
.tone-calm{color:#91a7ff!important}
.button{background:#4263eb!important;color:#ffffff!important}
}`;

const paragraph = (text: string, style: string, name = 'text'): string =>
  `<p class="${name}" style="margin:0 0 8px;${style}">${escaped(text)}</p>`;

const anchor = ({ label, url }: Link): string =>
  `<a class="link" href="${escaped(url)}" style="color:#3b5bdb;text-decoration:underline">${escaped(label)}</a>`;

const button = ({ label, url }: Link): string =>
  `<a class="button" href="${escaped(url)}" style="display:inline-block;padding:9px 16px;margin:0 14px 8px 0;border-radius:6px;` +
  `background:#3b5bdb;color:#ffffff;font-weight:600;text-decoration:none">${escaped(label)}</a>`;

const pointAsHtml = ({ tone, text, rest }: Point): string =>
  `${paragraph(text, `color:${toneColours[tone]};font-weight:600`, `tone-${tone}`)}${rest === null ? '' : paragraph(rest, 'color:#212529')}`;

const rowsAsHtml = (rows: Section['rows']): string => {
  const cell = 'padding:5px 0;border-bottom:1px solid #e9ecef;vertical-align:top';
  const lines = rows.map(
    ({ label, value }) =>
      `<tr><td class="text line" style="${cell};color:#212529;word-break:break-word">${escaped(label)}</td>` +
      `<td class="text line" align="right" style="${cell};padding-left:16px;color:#212529;white-space:nowrap">${escaped(value)}</td></tr>`,
  );
  const table =
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:4px 0 14px;font-size:14px">';
  return rows.length === 0 ? '' : `${table}${lines.join('')}</table>`;
};

const listAsHtml = (list: Section['list']): string => {
  if (list === null) return '';
  const items = list.items.map(
    ({ aside, ...link }) =>
      `<div style="margin:0 0 5px;font-size:14px">${anchor(link)} <span class="faint" style="color:#5c636a">${escaped(aside)}</span></div>`,
  );
  return `${paragraph(list.title, 'margin-top:4px;color:#212529;font-weight:600')}${items.join('')}<div style="height:12px"></div>`;
};

const linksAsHtml = ([first, ...others]: readonly Link[]): string =>
  first === undefined
    ? ''
    : `<div style="margin-top:12px">${button(first)}${others.map((link) => `<span style="display:inline-block;margin:0 14px 8px 0">${anchor(link)}</span>`).join('')}</div>`;

const sectionAsHtml = ({ title, subtitle, points, rows, list, links, unsubscribe }: Section, isAlone: boolean): string =>
  [
    '<tr><td class="line" style="padding:18px 24px;border-top:1px solid #e9ecef">',
    isAlone
      ? ''
      : `<h2 class="text" style="margin:0 0 4px;font-size:17px;line-height:1.3;color:#212529;word-break:break-word">${escaped(title)}</h2>`,
    `<p class="faint" style="margin:0 0 10px;font-size:14px;color:#5c636a;word-break:break-word">${subtitle.map(escaped).join('<br>')}</p>`,
    ...points.map(pointAsHtml),
    rowsAsHtml(rows),
    listAsHtml(list),
    linksAsHtml(links),
    unsubscribe === null
      ? ''
      : `<div style="margin-top:4px;font-size:13px">${anchor({ label: 'No more mails about this webhook', url: unsubscribe })}</div>`,
    '</td></tr>',
  ].join('');

const noteAsHtml = ({ text, rest }: Point): string =>
  `<p class="text" style="margin:0 0 8px;font-size:14px;color:#212529"><strong>${escaped(text)}</strong> ${escaped(rest ?? '')}</p>`;

const endAsHtml = ({ more, notes, environment, home }: Content): string => {
  const row = (inner: string): string => `<tr><td class="line" style="padding:16px 24px;border-top:1px solid #e9ecef">${inner}</td></tr>`;
  const about = `<p class="faint" style="margin:0;font-size:13px;color:#5c636a">Posthorn, environment ${escaped(environment)}${
    home === null ? '' : ` · ${anchor(home)}`
  }</p>`;
  return [
    more === null ? '' : row(paragraph(more, 'margin:0;color:#212529;font-weight:600')),
    notes.length === 0 ? '' : row(notes.map(noteAsHtml).join('')),
    row(about),
  ].join('');
};

/** A whole document. */
export const asHtml = (content: Content): string => {
  const { title, tone, sections } = content;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${escaped(title)}</title><style>${styleSheet}</style></head>`,
    `<body class="page" style="margin:0;padding:0;background:#f1f3f5;${font};font-size:15px;line-height:1.5">`,
    '<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f1f3f5">',
    '<tr><td align="center" style="padding:24px 12px">',
    '<table class="card" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" ',
    `style="max-width:600px;background:#ffffff;border:1px solid #dee2e6;border-radius:8px;text-align:left;${font};font-size:15px;line-height:1.5">`,
    '<tr><td style="padding:20px 24px">',
    `<h1 class="tone-${tone}" style="margin:0;font-size:21px;line-height:1.3;color:${toneColours[tone]};word-break:break-word">${escaped(title)}</h1>`,
    '</td></tr>',
    ...sections.map((section) => sectionAsHtml(section, isOfOne(content))),
    endAsHtml(content),
    '</table></td></tr></table></body></html>',
  ].join('\n');
};
