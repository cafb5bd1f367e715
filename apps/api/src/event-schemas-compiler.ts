// A JSON Schema made into a judge of data. Whoever writes schemas is trusted with an environment, not with the process: nothing is fetched, schemas
// of different customers never see each other, and neither compiling nor judging takes longer than its deadline.
import { pointerTo } from '@posthorn/core';
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { within } from './event-schemas-deadline.js';
import { limits } from './limits.js';

/** What data has against its schema. `pointer` is relative to the data. */
export type SchemaComplaint = { readonly pointer: string; readonly message: string };
export type DataVerdict =
  | { readonly kind: 'fits' }
  /** At most `schemaErrorsMax` complaints, at least one. */
  | { readonly kind: 'differs'; readonly complaints: readonly SchemaComplaint[] }
  /** Nothing is known: it took too long, or the schema cannot be evaluated. */
  | { readonly kind: 'unchecked'; readonly why: string };

/** @param chars length of the data as JSON */
export type JudgeData = (data: unknown, chars: number) => DataVerdict;
export type CompiledSchema = { readonly ok: true; readonly judge: JudgeData } | { readonly ok: false; readonly message: string };
type JsonObject = Readonly<Record<string, unknown>>;

const dialects = [
  { uri: /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/, Validator: Ajv2020 },
  { uri: /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/, Validator: Ajv },
] as const;
type Validator = (typeof dialects)[number]['Validator'];

const quiet = { strict: false, logger: false } as const;
// References are calls: copied into their places a small schema could become code without bounds. Meta schemas are asked apart, so that what
// is compiled here is the customer's alone. Optimizing the code takes time that is quadratic in the size of the schema.
const options: Options = {
  ...quiet,
  inlineRefs: false,
  ownProperties: true,
  validateSchema: false,
  meta: false,
  code: { optimize: false },
};

const compilers = new Map<Validator, InstanceType<Validator>>();
/** What the dialect's own schema has against a schema, or null. */
const metaComplaint = (Dialect: Validator, schema: JsonObject): string | null => {
  const known = compilers.get(Dialect) ?? new Dialect({ ...quiet, validateFormats: false });
  compilers.set(Dialect, known);
  return known.validateSchema(schema) === true ? null : known.errorsText(known.errors, { dataVar: 'schema' });
};

const cut = (text: string): string =>
  text.length <= limits.schemaMessageCharsMax ? text : `${text.slice(0, limits.schemaMessageCharsMax - 1)}…`;

/** The place of an error, or of what holds it where the whole would be too long. */
const pointerOf = ({ instancePath, keyword, params }: ErrorObject): string => {
  let pointer = '';
  for (const part of instancePath.split('/').slice(1)) {
    if (pointer.length + part.length >= limits.schemaPointerCharsMax) return pointer;
    pointer += `/${part}`;
  }
  const member: unknown = keyword === 'required' ? params.missingProperty : (params.additionalProperty ?? params.unevaluatedProperty);
  return typeof member === 'string' ? pointerTo(pointer, member) : pointer;
};

const complaintsOf = (errors: readonly ErrorObject[]): readonly SchemaComplaint[] =>
  errors
    .slice(0, limits.schemaErrorsMax)
    .map((error) => ({ pointer: pointerOf(error), message: cut(error.message ?? 'does not fit the schema') }));

// Keywords whose cost is not bounded by the sizes of schema and data, as text; a property of that name costs no more than the deadline's timer.
const costly = /"(?:pattern|patternProperties|format|uniqueItems|\$ref|\$dynamicRef|\$recursiveRef)":/;
const cheapFormats = /"format":"(?:date-time|date|time|uuid|email|ipv4|ipv6)"/g;

/** @param allErrors false: stops at the first no */
type Compile = (allErrors: boolean) => ValidateFunction;

/** Null: it takes too long. Code is only looked into when it is first called, so that belongs to compiling. */
const compileWithin = (compile: Compile, allErrors: boolean): ValidateFunction | null => {
  const compiled = within(limits.schemaCompileMs, () => compile(allErrors));
  if (compiled === null) return null;
  within(limits.schemaFirstCallMs, () => compiled.value(null));
  return compiled.value;
};

/** What stops at the first no is nested code; where a schema is so wide that this exhausts the stack, what goes on to the end is taken. */
const compileDecision = (compile: Compile): ValidateFunction | null => {
  try {
    return compileWithin(compile, false);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return compileWithin(compile, true);
  }
};

/** Collects everything that is wrong with data that `decide` has just refused, as far as it can be done soon; compiled when it is first needed. */
const createList = (compile: Compile, decide: ValidateFunction): ((data: unknown) => readonly ErrorObject[]) => {
  let list: ValidateFunction | null = null;
  const compileList = (): ValidateFunction => {
    try {
      return compileWithin(compile, true) ?? decide;
    } catch {
      return decide;
    }
  };
  return (data) => {
    const first = decide.errors ?? [];
    list ??= compileList();
    const all = list;
    try {
      const isDone = within(limits.schemaListMs, () => all(data)) !== null;
      return isDone && all.errors ? all.errors : first;
    } catch {
      return first;
    }
  };
};

/** Judges first whether data fits; only then what is wrong with it. */
const createJudge = (decide: ValidateFunction, list: (data: unknown) => readonly ErrorObject[], text: string): JudgeData => {
  const isCostly = costly.test(text.replace(cheapFormats, ''));
  return (data, chars) => {
    const needsDeadline = isCostly || text.length * chars > limits.schemaSizeProductMax;
    try {
      const decided = needsDeadline ? within(limits.schemaCheckMs, () => decide(data)) : { value: decide(data) };
      if (decided === null) return { kind: 'unchecked', why: `takes longer than ${limits.schemaCheckMs} ms` };
      return decided.value ? { kind: 'fits' } : { kind: 'differs', complaints: complaintsOf(list(data)) };
    } catch {
      // The stack ends: a reference that leads to itself.
      return { kind: 'unchecked', why: 'refers to itself without end' };
    }
  };
};

const refusal = (message: string): CompiledSchema => ({ ok: false, message: cut(message) });

/** Compiles a schema of draft 2020-12, or draft-07 if its `$schema` says so. What is not ok has a message for whoever wrote it. */
export const compileEventSchema = (schema: JsonObject): CompiledSchema => {
  const { $schema = 'https://json-schema.org/draft/2020-12/schema', ...rest } = schema;
  const dialect = dialects.find(({ uri }) => typeof $schema === 'string' && uri.test($schema));
  if (dialect === undefined) return refusal('$schema must be JSON Schema draft 2020-12 or draft-07');
  if (Object.hasOwn(rest, '$async')) return refusal('$async is not taken');
  try {
    const complaint = metaComplaint(dialect.Validator, rest);
    if (complaint !== null) return refusal(complaint);
    const compile: Compile = (allErrors) => {
      const validator = new dialect.Validator({ ...options, allErrors });
      addFormats.default(validator);
      return validator.compile(rest);
    };
    const decide = compileDecision(compile);
    if (decide === null) return refusal(`it takes longer than ${limits.schemaCompileMs} ms to compile`);
    return { ok: true, judge: createJudge(decide, createList(compile, decide), JSON.stringify(rest)) };
  } catch (error) {
    return refusal(error instanceof RangeError ? 'it refers to itself without end, or is nested too deeply' : (error as Error).message);
  }
};

/** Data of every kind: what refers to itself without end, or branches without bounds, mostly does so with one of these. */
const probes: readonly unknown[] = [null, true, 0, '', [], {}, [null], { a: null }];

/** Compiles a schema that somebody wants to write, and tries it. */
export const tryEventSchema = (schema: JsonObject): CompiledSchema => {
  const compiled = compileEventSchema(schema);
  if (!compiled.ok) return compiled;
  for (const probe of probes) {
    const verdict = compiled.judge(probe, limits.exampleBytesMax);
    if (verdict.kind === 'unchecked') return refusal(`it ${verdict.why}`);
  }
  return compiled;
};
