// Request bodies are judged as they came: nothing is coerced, nothing is dropped, and all errors are named at once.
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';

const ajv = new Ajv({ allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false, strict: false });
addFormats.default(ajv);

/** Parameters and queries are judged by the routes, which say better what is wrong; their schemas are for those who read them. */
export const compileSchema: FastifySchemaCompiler<object> = ({ schema, httpPart }) => (httpPart === 'body' ? ajv.compile(schema) : takeAll);

/** What is wrong with the shape of a body, as an error of the kind that Fastify makes of it; undefined: nothing. */
export const shapeCheck = (schema: object): ((body: unknown) => Error | undefined) => {
  const validate = ajv.compile(schema);
  return (body) =>
    validate(body) ? undefined : Object.assign(new Error('not of the shape'), { validation: validate.errors, validationContext: 'body' });
};

/** For bodies that a route takes as text. */
export const takeAll = () => true;
