// Requests to every operation of the OpenAPI document: as it says, wrong in a place, or not to be read at all.
import fc from 'fast-check';
import { createValues, type Hints, hostileText, hostileValue, type Schema, type Schemas, spoiled } from './schema-values.js';

type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema?: Schema };
type Operation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
};
export type OpenapiDocument = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Schemas };
};

export type FuzzRequest = {
  readonly method: string;
  /** The path as the document writes it. */
  readonly template: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** What the body says, where it is JSON. */
  readonly sent: unknown;
};

/** Text as it may stand in a URL; half a character (a lone surrogate) goes in as the bytes that a careless program makes of it. */
const inUrl = (text: string): string =>
  text
    .split(/(\p{Cs})/u)
    .map((part) => (/^\p{Cs}$/u.test(part) ? '%ED%A0%80' : encodeURIComponent(part)))
    .join('');

const oneIn = <Value>(count: number, rare: fc.Arbitrary<Value>, usual: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 1, arbitrary: rare }, { weight: count - 1, arbitrary: usual });

const asText = (value: unknown): string => (typeof value === 'string' ? value : String(value));

/** Parts of a URL that no encoder makes. */
const rawSegments = fc.constantFrom('%', '%zz', '%00', '%ff', '..', '.', '%2e%2e%2f', 'a%2Fb', ';', "'", 'x'.repeat(500));

/** Bodies that are no JSON, or more than one should take. */
const rawBodies = fc.constantFrom(
  Buffer.from(''),
  Buffer.from('{'),
  Buffer.from('nul'),
  Buffer.from('[1,]'),
  Buffer.from('{"a":1}{"b":2}'),
  Buffer.from('{"a":01}'),
  Buffer.from('{"a":1,"a":2}'),
  Buffer.from('{"__proto__":{"polluted":1},"constructor":{"prototype":{}}}'),
  Buffer.from(`{"url":"http://127.0.0.1/","url":${'['.repeat(500)}${']'.repeat(500)}}`),
  Buffer.from('['.repeat(20_000)),
  Buffer.from(`{${'"a":{'.repeat(300)}${'}'.repeat(301)}`),
  Buffer.from(`[${'{},'.repeat(5_000)}{}]`),
  Buffer.from(`{${Array.from({ length: 3_000 }, (_, index) => `"k${index}":1`).join()}}`),
  Buffer.from('{"a":1e400,"b":-0,"c":123456789012345678901234567890}'),
  Buffer.from([0xff, 0xfe, 0x7b, 0x7d]),
  Buffer.from('{"a":"\xc3\x28"}', 'latin1'),
  Buffer.from('{"a":"\\ud800"}'),
  Buffer.from('\ufeff{}'),
  Buffer.alloc(70_000, 0x20),
);

const headerValues = fc.constantFrom(
  '',
  '*',
  '"0"',
  'W/"1"',
  '""',
  'x'.repeat(2_000),
  '\u00e9',
  '"a\tb"',
  '-1',
  '0-0',
  '99999999999999999999',
);

type Values = ReturnType<typeof createValues>;
type Pairs = readonly (readonly [name: string, value: string])[];
type Body = { readonly type: string | null; readonly body: Buffer | null; readonly sent: unknown };

/** What stands for each `{name}` of a path: mostly what is there, else what may be, or what never is. */
const segmentsOf = (template: string, parameters: readonly Parameter[], values: Values, hints: Hints): fc.Arbitrary<readonly string[]> => {
  const hint = hints(template.slice(0, template.indexOf('/{')));
  const segments = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => {
    const schema = parameters.find((each) => each.in === 'path' && each.name === name)?.schema ?? {};
    const right = values(schema, name).map((value) => inUrl(asText(value)));
    const drawn = oneIn(4, oneIn(3, rawSegments, hostileText.map(inUrl)), right);
    return hint === undefined
      ? drawn
      : oneIn(
          5,
          drawn,
          hint.map((value) => inUrl(asText(value))),
        );
  });
  return fc.tuple(...segments);
};

const strangeQueries = fc.constantFrom<Pairs>(
  [['unknown', '1']],
  [
    ['limit', '1'],
    ['limit', '2'],
  ],
  [['__proto__', '1']],
  [['limit[a]', '1']],
);

/** A few of the parameters; now and then one that is none. */
const queryOf = (parameters: readonly Parameter[], values: Values): fc.Arbitrary<Pairs> => {
  const all = fc.record(
    Object.fromEntries(
      parameters
        .filter((each) => each.in === 'query')
        .map(({ name, schema = {} }) => [name, oneIn(4, hostileText, values(schema, name.replace(/\[.*$/, '')).map(asText))]),
    ),
    { requiredKeys: [], noNullPrototype: true },
  );
  const few = fc
    .tuple(all, fc.nat())
    .map(([given, mask]): Pairs => Object.entries(given as Record<string, string>).filter((_, index) => (mask >> (index % 30)) % 4 === 0));
  return fc.tuple(few, oneIn(12, strangeQueries, fc.constant<Pairs>([]))).map(([asked, strange]) => [...asked, ...strange]);
};

const noBody: fc.Arbitrary<Body> = fc.constant({ type: null, body: null, sent: undefined });
const wrongTypes = fc.constantFrom('application/json', 'text/plain', 'application/json; charset=latin1', 'multipart/form-data', '');

const bodyOf = ({ requestBody }: Operation, values: Values): fc.Arbitrary<Body> => {
  const raw = fc.tuple(wrongTypes, rawBodies).map(([type, body]): Body => ({ type, body, sent: undefined }));
  const content = Object.entries(requestBody?.content ?? {});
  if (content.length === 0) return oneIn(8, raw, noBody);
  const json = content.map(([type, { schema }]) => {
    const right = values(schema);
    return fc
      .oneof({ weight: 5, arbitrary: right }, { weight: 6, arbitrary: spoiled(right) }, { weight: 1, arbitrary: hostileValue })
      .map((sent): Body => ({ type, body: Buffer.from(JSON.stringify(sent)), sent }));
  });
  return oneIn(10, raw, fc.oneof(...json));
};

const alwaysTried = ['accept', 'x-request-id', 'content-encoding', 'cookie', 'origin'];

const headersOf = (parameters: readonly Parameter[]): fc.Arbitrary<Readonly<Record<string, string>>> => {
  const names = [...parameters.filter((each) => each.in === 'header').map(({ name }) => name), ...alwaysTried];
  return oneIn(
    6,
    fc.dictionary(fc.constantFrom(...names), headerValues, { maxKeys: 2, noNullPrototype: true }),
    fc.constant<Record<string, string>>({}),
  );
};

/** Draws requests to one operation. */
const requestsTo = (template: string, method: string, operation: Operation, schemas: Schemas, hints: Hints): fc.Arbitrary<FuzzRequest> => {
  const values = createValues(schemas, hints);
  const { parameters = [] } = operation;
  return fc
    .record({
      segments: segmentsOf(template, parameters, values, hints),
      query: queryOf(parameters, values),
      body: bodyOf(operation, values),
      headers: headersOf(parameters),
    })
    .map(({ segments, query, body: { type, body, sent }, headers }) => {
      const waiting = segments.values();
      const path = template.replace(/\{[^}]+\}/g, () => waiting.next().value ?? '');
      const search = query.map(([name, value]) => `${inUrl(name)}=${inUrl(value)}`).join('&');
      return {
        method: method.toUpperCase(),
        template,
        path: search === '' ? path : `${path}?${search}`,
        headers: { ...(type !== null && { 'content-type': type }), ...headers },
        body,
        sent,
      };
    });
};

/** Draws requests to every operation of the document alike. */
export const requestsOf = (document: OpenapiDocument, hints: Hints): fc.Arbitrary<FuzzRequest> =>
  fc.oneof(
    ...Object.entries(document.paths).flatMap(([template, operations]) =>
      Object.entries(operations).map(([method, operation]) => requestsTo(template, method, operation, document.components.schemas, hints)),
    ),
  );
