// The same JSON as other writers would have written it: other white space, escapes and order of members. Numbers keep their text, and members
// that stand twice stay twice, so that a document comes back byte for byte if one of these styles is its own.

/** A JSON value as text that is still in pieces. */
type Piece =
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Piece[] }
  | { readonly kind: 'object'; readonly members: readonly Member[] };
type Member = { readonly key: Piece & { readonly kind: 'string' }; readonly value: Piece };

type Spacing = { readonly name: string; readonly comma: string; readonly colon: string; readonly indent: string };
type Escapes = { readonly name: string; readonly write: (text: string) => string };
type Order = { readonly name: string; readonly sort: (members: readonly Member[], level: number) => readonly Member[] };

/** A document in one style, and what is to be said of it: `compact`, `indented by 2, with / escaped`. */
export type Restyled = { readonly text: string; readonly style: string };

/** Longer or deeper documents are not written again: a text of this size has some hundred styles. */
const textCharsMax = 1024 * 1024;
const depthMax = 128;

const compact: Spacing = { name: 'compact', comma: ',', colon: ':', indent: '' };
const spacings: readonly Spacing[] = [
  compact,
  { name: 'with spaces after , and :', comma: ', ', colon: ': ', indent: '' },
  { name: 'indented by 2', comma: ',', colon: ': ', indent: '  ' },
  { name: 'indented by 4', comma: ',', colon: ': ', indent: '    ' },
  { name: 'indented by tabs', comma: ',', colon: ': ', indent: '\t' },
];

const plain = (text: string): string => JSON.stringify(JSON.parse(text));
const hex4 = (character: string): string => character.charCodeAt(0).toString(16).padStart(4, '0');
const ascii = (text: string): string => plain(text).replace(/[\u007f-\uffff]/g, (character) => `\\u${hex4(character)}`);
const slashes = (text: string): string => text.replaceAll('/', '\\/');
const escapes: readonly Escapes[] = [
  { name: '', write: (text) => text },
  { name: 'with no escapes but the necessary ones', write: plain },
  { name: 'with / escaped', write: (text) => slashes(plain(text)) },
  { name: 'with other characters than ASCII escaped', write: ascii },
  { name: 'with / and other characters than ASCII escaped', write: (text) => slashes(ascii(text)) },
  { name: 'with < > & escaped', write: (text) => plain(text).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${hex4(character)}`) },
];

/** The members of every body that Posthorn makes, in their order; see `payload_format`. */
const sentOrder = [
  ...['specversion', 'id', 'event', 'payload', 'environment_id', 'webhook_id', 'created_at'],
  ...['event_time', 'event_type', 'source', 'type', 'time', 'timestamp', 'datacontenttype', 'current_context', 'data', 'included'],
];
const keyOf = ({ key }: Member): string => JSON.parse(key.text) as string;
const place = (member: Member): number => sentOrder.indexOf(keyOf(member));
const orders: readonly Order[] = [
  { name: '', sort: (members) => members },
  {
    name: 'in the order in which Posthorn writes it',
    sort: (members, level) =>
      level > 0 || members.some((each) => place(each) < 0) ? members : members.toSorted((a, b) => place(a) - place(b)),
  },
  { name: 'with its members sorted', sort: (members) => members.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) },
];

/** All styles of a text, each different one once; none if it is no JSON, or too long. */
export function* restyle(text: string): Generator<Restyled> {
  const document = read(text);
  if (document === null) return;
  const seen = new Set([text]);
  for (const order of orders) {
    for (const escaping of escapes) {
      for (const spacing of spacings) {
        // What is in a member is the producer's and keeps its style; what is around it is ours and is compact.
        for (const outer of spacing === compact ? [compact] : [spacing, compact]) {
          const styled = write(document, { order, escaping, inner: spacing, outer }, 0);
          if (seen.has(styled)) continue;
          seen.add(styled);
          const where = outer === spacing ? spacing.name : `compact, and what is in its members ${spacing.name}`;
          yield { text: styled, style: [where, escaping.name, order.name].filter((name) => name !== '').join(', ') };
        }
      }
    }
  }
}

function read(text: string): Piece | null {
  if (text.length > textCharsMax) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  return readPiece(tokens, { next: 0 }, 0);
}

/** The text is known to be JSON, so that only its pieces are to be found; null if it is too deep. */
function readPiece(tokens: readonly string[], at: { next: number }, depth: number): Piece | null {
  const token = tokens[at.next++]!;
  if (token[0] === '"') return { kind: 'string', text: token };
  if (token !== '[' && token !== '{') return { kind: 'scalar', text: token };
  if (depth >= depthMax) return null;
  const items: Piece[] = [];
  const members: Member[] = [];
  const end = token === '[' ? ']' : '}';
  while (tokens[at.next] !== end) {
    if (tokens[at.next] === ',') at.next++;
    if (token === '{') {
      members.push({ key: { kind: 'string', text: tokens[at.next]! }, value: { kind: 'scalar', text: '' } });
      at.next += 2;
    }
    const value = readPiece(tokens, at, depth + 1);
    if (value === null) return null;
    if (token === '[') items.push(value);
    else members.push({ key: members.pop()!.key, value });
  }
  at.next++;
  return token === '[' ? { kind: 'list', items } : { kind: 'object', members };
}

type Style = { readonly order: Order; readonly escaping: Escapes; readonly inner: Spacing; readonly outer: Spacing };

function write(piece: Piece, style: Style, level: number): string {
  if (piece.kind === 'scalar') return piece.text;
  if (piece.kind === 'string') return style.escaping.write(piece.text);
  const spacing = level === 0 ? style.outer : style.inner;
  const below = (value: Piece): string => write(value, style, level + 1);
  const parts =
    piece.kind === 'list'
      ? piece.items.map(below)
      : style.order.sort(piece.members, level).map(({ key, value }) => style.escaping.write(key.text) + spacing.colon + below(value));
  const [open, close] = piece.kind === 'list' ? ['[', ']'] : ['{', '}'];
  if (parts.length === 0 || spacing.indent === '') return open + parts.join(spacing.comma) + close;
  // A member that is indented while the document is not begins at the margin.
  const margin = style.outer.indent === '' ? level - 1 : level;
  const line = (depth: number): string => `\n${spacing.indent.repeat(depth)}`;
  return open + line(margin + 1) + parts.join(`,${line(margin + 1)}`) + line(margin) + close;
}
