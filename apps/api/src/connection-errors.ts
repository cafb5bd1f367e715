// What is no request that could be given to a route: answered with a problem all the same where it can be, and the connection closed.
import type { Socket } from 'node:net';
import { type ProblemCode, problem, problemDocument } from '@posthorn/core';
import type { SecurityHeaders } from './security-headers.js';

const codeOf = (error: { readonly code?: string }): ProblemCode => {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'headers_too_large';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'request_timeout';
    default:
      return 'invalid_request';
  }
};

const detailOf: Partial<Record<ProblemCode, string>> = { invalid_request: 'this is not HTTP as this server reads it' };
const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** The whole answer, without a request's id: there is no request. Thousands of connections may be late at once. */
const answerOf = (code: ProblemCode, securityHeaders: SecurityHeaders): string => {
  const answer = problem(code, detailOf[code]);
  const body = JSON.stringify(problemDocument(answer, ''));
  const headers = {
    ...securityHeaders,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${answer.status} ${reasons[answer.status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`;
};

/** For `clientErrorHandler`: answers on the socket itself. Who never said a word is not told one. */
export const answerOnSocket = (securityHeaders: SecurityHeaders) => {
  const answers = new Map<ProblemCode, string>();
  return (error: Error & { readonly code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    // An answer that has begun is not to be broken into.
    const answering = (socket as Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null })._httpMessage;
    if (!socket.writable || socket.bytesRead === 0 || answering?.headersSent === true) {
      socket.destroy();
      return;
    }
    const code = codeOf(error);
    const answer = answers.get(code) ?? answerOf(code, securityHeaders);
    answers.set(code, answer);
    socket.end(answer, 'latin1');
    socket.destroySoon();
  };
};
