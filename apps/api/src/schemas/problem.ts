// The one shape of every error (RFC 9457).
import { problems } from '@posthorn/core';
import { Type } from 'typebox';
import { oneOf } from './fields.js';

const fieldErrorSchema = Type.Object({
  pointer: Type.String({ description: 'Where in the request body (RFC 6901).' }),
  code: Type.String({ description: 'What is wrong there: a stable word.' }),
  message: Type.String({ description: 'The same for people.' }),
});

export const problemSchema = Type.Object(
  {
    type: Type.String({ description: '`urn:posthorn:problem:` and the code.' }),
    title: Type.String({ description: 'What the code stands for, in words.' }),
    status: Type.Integer({ description: 'The status of the answer.' }),
    detail: Type.String({ description: 'What is wrong this time. For people: it may change.' }),
    code: oneOf(Object.keys(problems), { description: 'Stable: what a program switches on.' }),
    errors: Type.Array(fieldErrorSchema, { description: 'Everything that is wrong with the body, each at its place.' }),
    request_id: Type.String({ description: 'The `x-request-id` of the answer.' }),
  },
  { $id: 'Problem', description: 'An error, as RFC 9457 has it.' },
);
