import { describe, expect, it } from '@jest/globals';
import { problem, problemDocument } from '@posthorn/core';
import { problemLine } from './problem-line.js';

describe('the line of a problem', () => {
  it('has status, code, detail, each pointer and the request', () => {
    const error = problem('invalid_request', 'data is missing', {
      errors: [
        { pointer: '/data', code: 'missing_field', message: 'data is missing' },
        { pointer: '/x', code: 'unknown_field', message: '/x is not a field' },
      ],
    });
    expect(problemLine(400, JSON.stringify(problemDocument(error, 'r1')))).toBe(
      '400 invalid_request: data is missing (/data missing_field; /x unknown_field: /x is not a field) [request r1]',
    );
  });

  it('shows the beginning of an answer that is no problem', () => {
    expect(problemLine(502, '<html>\n <b>Bad gateway</b>')).toBe('status 502: <html> <b>Bad gateway</b>');
    expect(problemLine(500, '')).toBe('status 500 with no body');
    expect(problemLine(500, 'x'.repeat(5000)).length).toBeLessThan(250);
  });
});
