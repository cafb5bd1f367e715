// Texts that have the shape of a secret: the last net under what is logged or printed. Nothing is written in the hope that it catches.

/** Shapes, and what stands for them. In JSON a text ends at its quotation mark or is escaped. Each takes time in proportion to the text, whatever it is. */
const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/\bph_(live|test)_\w{16,}/g, 'ph_$1_<hidden>'],
  [/\bwhsec_[A-Za-z0-9+/=_-]{16,}/g, 'whsec_<hidden>'],
  [/\b(Bearer|Basic) [A-Za-z0-9+/=._~-]{8,}/g, '$1 <hidden>'],
  // The user info of a URL.
  [/:\/\/[^\s"\\/?#]*@/g, '://<hidden>@'],
];
const restOfUrl = /:\/\/[^\s"\\]*/g;

/** A URL, from its `://` on, without its query. */
const withoutQuery = (rest: string): string => {
  const at = rest.indexOf('?');
  return at < 0 ? rest : `${rest.slice(0, at)}?<hidden>`;
};

/** The text without what has the shape of a secret. */
export const withoutSecretShapes = (text: string): string =>
  secretShapes.reduce((rest, [shape, instead]) => rest.replace(shape, instead), text).replace(restOfUrl, withoutQuery);
