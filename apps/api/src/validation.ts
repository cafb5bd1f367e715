// Request bodies are judged as they came: nothing is coerced, nothing is dropped, and all errors are named at once.
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';

const ajv = new Ajv({ allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false, strict: false });
addFormats.default(ajv);

export const compileSchema: FastifySchemaCompiler<object> = ({ schema }) => ajv.compile(schema);
