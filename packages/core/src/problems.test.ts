import { describe, expect, it } from '@jest/globals';
import { problemDescriptions } from './problem-descriptions.js';
import { ProblemError, problem, problemDocument, problems } from './problems.js';

describe('problems', () => {
  it('become an RFC 9457 document', () => {
    const errors = [{ pointer: '/id', code: 'invalid_field', message: 'id must be short' }];
    const error = problem('invalid_field', 'id must be short', { errors, headers: { 'retry-after': '1' } });
    expect(error).toBeInstanceOf(ProblemError);
    expect(error.headers).toEqual({ 'retry-after': '1' });
    expect(problemDocument(error, 'req-1')).toEqual({
      type: 'urn:posthorn:problem:invalid_field',
      title: 'A field is not valid',
      status: 422,
      detail: 'id must be short',
      code: 'invalid_field',
      errors,
      request_id: 'req-1',
    });
  });

  it('say their title where there is no detail', () => {
    expect(problem('not_found').message).toBe(problems.not_found.title);
  });

  it('have stable codes and statuses of errors', () => {
    for (const [code, { status, title }] of Object.entries(problems)) {
      expect(code).toMatch(/^[a-z_]+$/);
      expect([400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 431, 500, 503]).toContain(status);
      expect(title.length).toBeGreaterThan(0);
    }
  });

  it('are described in the order of their table', () => {
    expect(Object.keys(problemDescriptions)).toEqual(Object.keys(problems));
  });
});
