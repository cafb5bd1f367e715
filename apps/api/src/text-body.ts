// Bodies that are cut and not parsed: what the producer wrote stays its bytes.
import { isUtf8 } from 'node:buffer';
import { problem } from '@posthorn/core';
import type { FastifyInstance } from 'fastify';
import { takeAll } from './validation.js';

/** In this scope a JSON body is its text. Refuses what is not UTF-8, whose signatures nobody could check. */
export const takeJsonAsText = (app: FastifyInstance): void => {
  app.setValidatorCompiler(() => takeAll);
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    if (!isUtf8(body as Buffer)) done(problem('not_json', 'the body is not UTF-8'));
    else done(null, (body as Buffer).toString('utf8'));
  });
};
