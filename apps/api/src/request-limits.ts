// What is judged of a request before anybody asks who it is from: whether there is time for it, its headers, and how its body is packed.
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { problem } from '@posthorn/core';
import type { FastifyInstance, FastifyServerFactoryHandler } from 'fastify';
import { limits } from './limits.js';
import type { SecurityHeaders } from './security-headers.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered also when there is too much to do. */
    isVital?: boolean;
  }
}

export type RequestLimits = {
  readonly securityHeaders: SecurityHeaders;
  /** Whether requests are to be refused. */
  readonly isLoadTooHigh: () => boolean;
  /** Whether the process stops: it answers what it has, and sends all others elsewhere. */
  readonly isStopping: () => boolean;
};

export type CountingServer = {
  readonly serverFactory: (handler: FastifyServerFactoryHandler) => Server;
  /** Requests that have begun and are not answered yet. */
  readonly openRequests: () => number;
};

/**
 * The server under Fastify, with bounds of connections and of what it reads before there is a request. Whoever sends more and more requests without
 * waiting for answers is cut off here, before they cost anything.
 */
export const createCountingServer = (): CountingServer => {
  let openRequests = 0;
  const serverFactory = (handler: FastifyServerFactoryHandler): Server =>
    openServer(handler, (change) => {
      openRequests += change;
    });
  return { serverFactory, openRequests: () => openRequests };
};

const openServer = (handler: FastifyServerFactoryHandler, onOpen: (change: 1 | -1) => void): Server => {
  const waiting = new WeakMap<Socket, number>();
  const options = {
    maxHeaderSize: limits.headersBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.connectionsCheckMs,
  };
  const server = createServer(options, (request, response) => {
    const { socket } = request;
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > limits.pipelinedMax || socket.destroyed) {
      socket.destroy();
      return;
    }
    waiting.set(socket, count);
    onOpen(1);
    response.once('close', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      onOpen(-1);
    });
    handler(request, response);
  });
  server.setTimeout(limits.idleTimeoutMs);
  server.maxConnections = limits.connectionsMax;
  // Beyond its own bound the server would drop headers without a word; we refuse, so it has to keep one too many.
  server.maxHeadersCount = limits.headersMax + 1;
  return server;
};

/** Names and values stand in turn. */
const isHeadersTooMany = (rawHeaders: readonly string[]): boolean => rawHeaders.length > 2 * limits.headersMax;

/** Bodies of these are not read, so it does not matter how they are packed. */
const isBodyUnread = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** To be called before keys are asked for. */
export const registerRequestLimits = (app: FastifyInstance, { securityHeaders, isLoadTooHigh, isStopping }: RequestLimits): void => {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders).header('x-request-id', request.id);
    const { 'content-encoding': encoding } = request.headers;
    if (isStopping()) reply.header('connection', 'close');
    if (isStopping() && request.routeOptions.config?.isVital !== true)
      done(problem('overloaded', 'this process is stopping: send it again', { headers: { 'retry-after': String(limits.retryAfterS) } }));
    else if (isLoadTooHigh() && request.routeOptions.config?.isVital !== true)
      done(problem('overloaded', 'there is too much to do', { headers: { 'retry-after': String(limits.retryAfterS) } }));
    else if (isHeadersTooMany(request.raw.rawHeaders))
      done(problem('headers_too_large', `a request has at most ${limits.headersMax} headers`));
    else if (encoding !== undefined && encoding !== 'identity' && !isBodyUnread(request.method))
      done(problem('unsupported_media_type', 'a compressed body is not taken'));
    else done();
  });
};
