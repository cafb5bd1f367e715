// Holds every answer of a test to the OpenAPI document: its status, headers and media type are declared, and its body has the members that the document
// names and no others. What the API took must be what the document lets callers send.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';
import { documentOf } from '../src/openapi.js';

type Content = { readonly content?: Readonly<Record<string, unknown>>; readonly headers?: object };
type Operation = { readonly requestBody?: Content; readonly responses: Readonly<Record<string, Content>> };
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
};
type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly sent: unknown;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
};

export type DocumentCheck = (exchange: Exchange) => void;

const unlisted = /^\/(openapi\.json|docs(\/.*)?|unsubscribe\/[^/]+)$/;

/** The schema with every object that names its members closed. */
const closed = (schema: unknown): unknown => {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  const { properties, items, additionalProperties, ...rest } = schema as Record<string, unknown>;
  const unions = ['anyOf', 'oneOf', 'allOf'].flatMap((name) => (Array.isArray(rest[name]) ? [[name, rest[name].map(closed)]] : []));
  return {
    ...rest,
    ...Object.fromEntries(unions),
    ...(items !== undefined && { items: closed(items) }),
    ...(properties !== undefined && { properties: mapValues(properties as object, closed), additionalProperties: false }),
    ...(additionalProperties !== undefined && { additionalProperties: closed(additionalProperties) }),
  };
};
const mapValues = (record: object, change: (value: unknown) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
const closedContent = ({ content = {}, ...rest }: Content): Content => ({
  ...rest,
  content: mapValues(content, (media) => ({ schema: closed((media as { readonly schema?: unknown }).schema) })),
});

const closedDocument = ({ paths, components }: Document): Document => ({
  components: { schemas: mapValues(components.schemas, closed) },
  paths: mapValues(paths, (operations) =>
    mapValues(operations as object, (operation) => {
      const { requestBody, responses } = operation as Operation;
      return {
        ...(requestBody !== undefined && { requestBody: closedContent(requestBody) }),
        responses: mapValues(responses, (answer) => closedContent(answer as Content)),
      };
    }),
  ) as Document['paths'],
});

const errorsOf = ({ errors }: ValidateFunction): string =>
  (errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`).join('; ');

const escaped = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1');

const createCheck = (document: Document): DocumentCheck => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
  addFormats.default(ajv);
  ajv.addSchema({ ...closedDocument(document), $id: 'document' });
  const compiled = new Map<string, ValidateFunction>();
  const validatorAt = (...place: readonly string[]): ValidateFunction => {
    const pointer = encodeURI(place.map((segment) => `/${escaped(segment)}`).join(''));
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` });
    compiled.set(pointer, known);
    return known;
  };
  // A segment that is written out goes before one that is named.
  const templates = Object.keys(document.paths)
    .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+').replaceAll('.', '\\.')}$`) }))
    .sort((one, other) => one.path.split('{').length - other.path.split('{').length);

  return ({ method, path, sent, status, headers, text }) => {
    const mediaType = headers.get('content-type')?.split(';')[0] ?? '';
    const plain = (path.split('?')[0] ?? '').replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
    if (unlisted.test(plain)) return;
    const template = templates.find(({ pattern }) => pattern.test(plain))?.path;
    const verb = method.toLowerCase();
    const operation = template === undefined ? undefined : document.paths[template]?.[verb];
    const fail = (what: string): never => {
      throw new Error(`${method} ${template ?? plain} answered ${status} ${mediaType}, and ${what}: ${text.slice(0, 400)}`);
    };
    const hold = (validate: ValidateFunction, value: unknown, what: string): void => {
      if (!validate(value)) fail(`${what} is not as the document says: ${errorsOf(validate)}`);
    };
    if (template === undefined || operation === undefined) {
      if (status < 400) fail('the document has no such operation');
      return hold(validatorAt('components', 'schemas', 'Problem'), JSON.parse(text), 'the problem');
    }
    const declared = operation.responses[status] ?? fail('the document does not declare this status');
    for (const name of Object.keys(declared.headers ?? {})) if (!headers.has(name)) fail(`the header ${name} is missing`);
    const content = declared.content ?? {};
    if (text === '' && Object.keys(content).length === 0) return;
    if (content[mediaType] === undefined) fail(`the document declares ${Object.keys(content).join(', ') || 'no body'}`);
    const place = ['paths', template, verb];
    const answer: unknown = mediaType.endsWith('json') ? JSON.parse(text) : text;
    hold(validatorAt(...place, 'responses', String(status), 'content', mediaType, 'schema'), answer, 'the body');
    const isTaken = status < 300 && !((answer as { readonly errors?: number }).errors ?? 0);
    if (isTaken && sent !== undefined) {
      const [taken = fail('the document declares no request body')] = Object.keys(operation.requestBody?.content ?? {});
      hold(validatorAt(...place, 'requestBody', 'content', taken, 'schema'), sent, 'what was sent');
    }
  };
};

/** The check against a document as it was served. */
export const documentCheckFrom = (document: unknown): DocumentCheck => createCheck(document as Document);

let check: DocumentCheck | undefined;

/** The check against the document of an app; made once a process, for the document is the same for all. */
export const documentCheckOf = (app: FastifyInstance): DocumentCheck => {
  check ??= createCheck(documentOf(app) as unknown as Document);
  return check;
};
