// JSON bodies that are parsed: what would cost too much to parse is found on the text, and names that could become a prototype are refused.
import { isUtf8 } from 'node:buffer';
import { type JsonTextLimits, jsonTextExcess, problem } from '@posthorn/core';
import type { FastifyInstance } from 'fastify';
import { limits } from './limits.js';

/** In this scope bodies of these media types are JSON. Some clients name the type of a body even when they delete, and send none. */
export const takeJsonBodies = (app: FastifyInstance, mediaTypes: readonly string[], more: Partial<JsonTextLimits> = {}): void => {
  const textLimits = { depthMax: limits.bodyDepthMax, valuesMax: limits.bodyValuesMax, ...more };
  const parse = app.getDefaultJsonParser('error', 'error');
  for (const mediaType of mediaTypes) if (app.hasContentTypeParser(mediaType)) app.removeContentTypeParser(mediaType);
  app.addContentTypeParser<Buffer>([...mediaTypes], { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0 && request.method === 'DELETE') return done(null);
    if (!isUtf8(body)) return done(problem('not_json', 'the body is not UTF-8'));
    const text = body.toString('utf8');
    const excess = jsonTextExcess(text, textLimits);
    if (excess === 'depth') return done(problem('nesting_too_deep', `nesting is limited to ${textLimits.depthMax} levels`));
    if (excess === 'values') return done(problem('body_too_large', `a body has at most ${textLimits.valuesMax} fields and elements`));
    if (excess === 'members') return done(problem('body_too_large', `an object has at most ${textLimits.membersMax} fields`));
    parse(request, text, done);
  });
};
