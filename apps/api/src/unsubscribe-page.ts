// The pages behind the link in a mail by which its reader wants no more of them: whole without a script, a session or anything from elsewhere.
import { createHash } from 'node:crypto';

const style = `:root{color-scheme:light dark}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#212529;background:#f1f3f5}
main{box-sizing:border-box;max-width:32rem;margin:10vh auto;padding:2rem;background:#fff;border:1px solid #ced4da;border-radius:.5rem;overflow-wrap:anywhere}
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.3}
button{font:inherit;font-weight:600;padding:.6rem 1.2rem;border:0;border-radius:.25rem;color:#fff;background:#1864ab;cursor:pointer}
button:hover{background:#0b4a85}
button:focus-visible,a:focus-visible{outline:3px solid #74c0fc;outline-offset:2px}
a{color:#1864ab}
@media(prefers-color-scheme:dark){body{color:#e9ecef;background:#1a1b1e}main{background:#25262b;border-color:#495057}a{color:#a5d8ff}}`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** Of every answer: nobody keeps it, frames it, or learns the address that it came from, which is all that is needed to unsubscribe. */
export const unsubscribeHeaders = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
} as const;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** A text of somebody else's, which is shown whatever is in it and cannot turn round what stands beside it. */
const told = (text: string): string => `<strong><bdi>${text.replace(/[&<>"']/g, (each) => escapes[each] ?? each)}</bdi></strong>`;

const pageOf = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} · Posthorn</title><style>${style}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`;

/** Asks: those who look for harm in mails open every link in them, so opening this one does nothing. @param name of the webhook */
export const askPage = (name: string): string =>
  pageOf(
    'No more e-mails?',
    `<p>Posthorn tells by e-mail when the webhook ${told(name)} is in trouble, and perhaps what it delivered.</p>
<form method="post"><button type="submit">Send no more e-mails about it</button></form>`,
  );

/** @param webhookUrl its page in the console */
export const donePage = (name: string, webhookUrl: string): string =>
  pageOf(
    'You get no more e-mails',
    `<p>Nobody gets e-mails about the webhook ${told(name)} any more. Who may change it can <a href="${webhookUrl}">switch them on again</a>.</p>`,
  );

export const errorPage = (title: string, text: string): string => pageOf(title, `<p>${text}</p>`);
