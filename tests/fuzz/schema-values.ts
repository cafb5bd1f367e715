// Values as a schema of the OpenAPI document describes them, and values that are wrong somewhere.
import fc from 'fast-check';

export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
};
export type Schemas = Readonly<Record<string, Schema>>;

/** What a member of that name may well hold: ids that exist, URLs that may be called. Undefined: nothing is known of the name. */
export type Hints = (name: string) => fc.Arbitrary<unknown> | undefined;

const deepest = 6;
const itemsMost = 4;
const samples = [
  'a',
  'order.created',
  'work_order',
  '2026-01-01T00:00:00Z',
  'someone@example.com',
  'x-api-key',
  '0123456789abcdef01234567',
  'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
];

/** What people and programs that mean ill send as text. */
export const hostileText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\u2028\u202e\ufeff',
    'é'.repeat(300),
    'x'.repeat(3_000),
    "'; --",
    '"><img src=x onerror=alert(1)>',
    '%',
    '%00',
    '%zz',
    '../../etc/passwd',
    'a\r\nset-cookie: b=c',
    '__proto__',
    'constructor',
    '-1',
    '1e999',
    'null',
    '9'.repeat(40),
    '*'.repeat(60),
    '{{7*7}}',
    '99999-01-01T00:00:00Z',
    '2026-02-30T25:61:61Z',
    '-000001-01-01T00:00:00Z',
    'http://[::1',
    'javascript:alert(1)',
    'http://user:word@127.0.0.1/',
    '😀'.repeat(80),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 0.5, 1e21, -1e308, Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 63, [], {}, [[]], [null]),
  fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
  fc.array(fc.constant('order.*'), { minLength: 200, maxLength: 300 }),
  fc.constantFrom<unknown>(
    { $and: [{ a: { $in: [1, {}] } }] },
    { a: { $regex: '(a+)+$' } },
    { '': { $exists: 'x' } },
    { toString: 1 },
    { a: { $gt: null } },
  ),
);

const textOf = ({ pattern, format, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<unknown> => {
  if (format === 'date-time')
    return fc.date({ min: new Date('2020-01-01'), max: new Date('2032-01-01'), noInvalidDate: true }).map((date) => date.toISOString());
  if (format === 'uuid') return fc.uuid();
  if (format === 'email') return fc.constantFrom('someone@example.com', 'a.b+c@mail.example.org');
  if (pattern !== undefined) {
    const fits = samples.filter((sample) => new RegExp(pattern, 'u').test(sample));
    return fits.length > 0 ? fc.constantFrom(...fits) : hostileText;
  }
  return fc.string({ unit: 'grapheme', minLength: Math.min(minLength, 40), maxLength: Math.min(maxLength, 40) });
};

const numberOf = ({ minimum = -5, maximum = 1_000 }: Schema): fc.Arbitrary<number> =>
  fc.integer({ min: minimum, max: Math.max(minimum, maximum) });

/** Draws what the schema allows, as far as it says so itself. */
export const createValues = (schemas: Schemas, hints: Hints) => {
  const objectOf = ({ properties = {}, required = [], additionalProperties }: Schema, depth: number): fc.Arbitrary<unknown> => {
    const all = fc.record(
      Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, anyOfSchema(schema, depth + 1, name)])),
      {
        requiredKeys: [...required].filter((name) => name in properties),
        noNullPrototype: true,
      },
    );
    // Of what may be left out only little stays: the more members, the surer is one of them refused, and nothing gets in.
    const named = fc
      .tuple(all, fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }))
      .map(([object, chances]) =>
        Object.fromEntries(
          Object.entries(object).filter(([name], index) => required.includes(name) || chances[index % chances.length] === 0),
        ),
      );
    if (additionalProperties === undefined || additionalProperties === false) return named;
    const others = fc.dictionary(
      fc.constantFrom('a', 'b', 'x-one', 'taskGroup', 'order.id'),
      additionalProperties === true ? fc.jsonValue({ maxDepth: 2 }) : anyOfSchema(additionalProperties, depth + 1, ''),
      { maxKeys: 3, noNullPrototype: true },
    );
    return fc.tuple(named, others).map(([one, other]) => ({ ...other, ...one }));
  };

  const anyOfSchema = (schema: Schema, depth: number, name: string): fc.Arbitrary<unknown> => {
    const hint = hints(name);
    const drawn = drawnOf(schema, depth, name);
    return hint === undefined ? drawn : fc.oneof({ weight: 6, arbitrary: hint }, { weight: 1, arbitrary: drawn });
  };

  const drawnOf = (schema: Schema, depth: number, name: string): fc.Arbitrary<unknown> => {
    if (depth > deepest) return fc.constant(null);
    if (schema.$ref !== undefined) {
      const referred = schemas[schema.$ref.split('/').at(-1) ?? ''];
      return referred === undefined ? hostileValue : anyOfSchema(referred, depth, name);
    }
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return fc.oneof(...choices.map((each) => anyOfSchema(each, depth, name)));
    if (schema.allOf !== undefined)
      return fc.tuple(...schema.allOf.map((each) => anyOfSchema(each, depth, name))).map((parts) => Object.assign({}, ...parts));
    const types = schema.type === undefined ? ['any'] : [schema.type].flat();
    return fc.oneof(...types.map((type) => typed(type, schema, depth, name)));
  };

  const typed = (type: string, schema: Schema, depth: number, name: string): fc.Arbitrary<unknown> => {
    if (type === 'null') return fc.constant(null);
    if (type === 'boolean') return fc.boolean();
    if (type === 'integer' || type === 'number') return numberOf(schema);
    if (type === 'string') return textOf(schema);
    if (type === 'array')
      return fc.array(anyOfSchema(schema.items ?? {}, depth + 1, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? itemsMost, itemsMost),
      });
    if (type === 'object') return objectOf(schema, depth);
    return fc.jsonValue({ maxDepth: 3 });
  };

  return (schema: Schema, name = ''): fc.Arbitrary<unknown> => anyOfSchema(schema, 0, name);
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value with one thing in it wrong: at the end of `way`, a member that is replaced, taken away, or one too many. */
const spoil = (value: unknown, way: readonly number[], junk: unknown, how: number): unknown => {
  const [step = 0, ...rest] = way;
  if (Array.isArray(value) && value.length > 0 && rest.length > 0) {
    const at = step % value.length;
    return value.map((each, index) => (index === at ? spoil(each, rest, junk, how) : each));
  }
  if (!isObject(value)) return junk;
  const names = Object.keys(value);
  if (how === 0 || names.length === 0) return { ...value, [typeof junk === 'string' ? junk : 'unknown_member']: junk };
  const name = names[step % names.length] ?? '';
  const { [name]: old, ...others } = value;
  if (how === 1) return others;
  return { ...others, [name]: rest.length > 0 && typeof old === 'object' ? spoil(old, rest, junk, how) : junk };
};

/** The same values, each wrong in one place. */
export const spoiled = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(values, fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }), hostileValue, fc.nat(5))
    .map(([value, way, junk, how]) => spoil(value, way, junk, how));
