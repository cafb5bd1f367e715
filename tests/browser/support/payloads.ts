// Texts that somebody would have run by a page that shows them. Each calls `pwned` or asks `canary.invalid` if it succeeds.

const canary = 'https://canary.invalid/x';
const [rightToLeft, popDirection, zeroWidth, noBreak] = ['\u202e', '\u202c', '\u200b', '\u2060'];

/** One line each, so that they can be names too. */
export const payloads: readonly string[] = [
  '<script>pwned(1)</script>',
  `<script src="${canary}.js"></script>`,
  '</script><script>pwned(2)</script>',
  '"><script>pwned(3)</script>',
  `'-pwned(4)-'`,
  '";pwned(5);//',
  '</title></textarea></style></noscript><script>pwned(6)</script>',
  `<img src=x onerror="pwned(7)">`,
  `<img src="${canary}.png">`,
  '<svg onload=pwned(8)>',
  '<svg><script>pwned(9)</script></svg>',
  '<svg><animate onbegin=pwned(10) attributeName=x dur=1s></svg>',
  '<math><mi xlink:href="javascript:pwned(11)">x</mi></math>',
  '<body onload=pwned(12)>',
  '<input autofocus onfocus=pwned(13)>',
  '<details open ontoggle=pwned(14)>x</details>',
  '<video><source onerror="pwned(15)"></video>',
  '<marquee onstart=pwned(16)>x</marquee>',
  'javascript:pwned(17)',
  'JaVaScRiPt&colon;pwned(18)',
  '<a href="javascript:pwned(19)">x</a>',
  `<form action="${canary}"><button autofocus>x</button></form>`,
  '<iframe srcdoc="<script>parent.pwned(20)</script>"></iframe>',
  `<iframe src="${canary}"></iframe>`,
  `<object data="${canary}"></object><embed src="${canary}">`,
  `<meta http-equiv="refresh" content="0;url=${canary}">`,
  `<base href="${canary}/">`,
  `<link rel="stylesheet" href="${canary}.css">`,
  `<style>@import "${canary}.css"; * { display: none }</style>`,
  `<p style="background:url(${canary}.png)">x</p>`,
  '{{constructor.constructor("pwned(21)")()}}',
  '\u0024{pwned(22)}<%= pwned(22) %>#{pwned(22)}',
  '<template><script>pwned(23)</script></template>',
  '<!--><img src=x onerror=pwned(24)>-->',
  '<![CDATA[><img src=x onerror=pwned(25)>]]>',
  '&lt;script&gt;pwned(26)&lt;/script&gt;',
  '\\u003cscript\\u003epwned(27)\\u003c/script\\u003e',
  `" onmouseover="pwned(28)" style="position:fixed;inset:0" x="`,
  `${rightToLeft}<script>pwned(29)</script>${popDirection}`,
  `<scr${zeroWidth}ipt>pwned(30)</scr${noBreak}ipt>`,
  'data:text/html,<script>pwned(31)</script>',
  '__proto__',
];

/** Bytes that are no UTF-8 before what would run if they were taken for something else. */
export const brokenText = Buffer.concat([Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0xc0, 0xbc]), Buffer.from('<script>pwned(32)</script>')]);

/** What header values may have. */
export const isHeaderValue = (text: string): boolean => /^[\x20-\x7e]+$/.test(text);

const never = 'iframe, object, embed, base, meta[http-equiv], math, marquee, video, animate, template, script:not([src^="/assets/"])';

/** What a page must never have, whatever it shows: an expression for the page, of texts. */
export const foreignElements = `[...document.querySelectorAll('*')].filter((element) => element.matches(${JSON.stringify(never)})
  || [...element.attributes].some(({ name, value }) => /^on/i.test(name)
    || (/^(src|href|action|formaction|data|srcdoc)$/i.test(name) && /^\\s*(javascript|data|(https?:)?\\/\\/canary)/i.test(value))))
  .map(({ outerHTML }) => outerHTML.slice(0, 200))`;
