// An attempt as dialect 001 shows it: a resource of type `event_callbacks`, whose answer is two texts.
import { isUuid } from '@posthorn/core';
import { JsonText, type Resource } from './document.js';

export type CallbackPlace = { readonly eventId: string; readonly webhookId: string; readonly attempt: number };

export type ShownCallback = CallbackPlace & {
  /** What was called. */
  readonly url: string;
  /** RFC 3339: when the attempt began, and when it ended. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Null: there was no complete answer. */
  readonly statusCode: number | null;
  readonly error: string | null;
  /** The body that was sent; null: it is gone, or is not shown. */
  readonly body: string | null;
  readonly mode: 'live' | 'test';
};

/** The id of an attempt here: where it stands. */
export const callbackIdOf = ({ eventId, webhookId, attempt }: CallbackPlace): string => `${eventId}.${webhookId}.${attempt}`;

/** Where an attempt of this id stands; null: it is no such id. */
export const readCallbackId = (id: string): CallbackPlace | null => {
  const [eventId = '', webhookId = '', attempt = '', ...rest] = id.split('.');
  if (rest.length > 0 || !isUuid(eventId) || !isUuid(webhookId) || !/^[1-9]\d{0,8}$/.test(attempt)) return null;
  return { eventId, webhookId, attempt: Number(attempt) };
};

// What receivers answer with; of others the code says enough.
const phrases: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  423: 'Locked',
  425: 'Too Early',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** What happened, in words: our error, else what the status code means. */
const messageOf = ({ error, statusCode }: ShownCallback): string | null =>
  error ?? (statusCode === null ? null : (phrases[statusCode] ?? `HTTP ${statusCode}`));

/** The resource of an attempt. @param origin of the API, for links */
export const showEventCallback = (callback: ShownCallback, origin: string): Resource => {
  const id = callbackIdOf(callback);
  const self = `${origin}/api/event_callbacks/${id}`;
  return {
    id,
    type: 'event_callbacks',
    links: { self },
    attributes: {
      callback_url: callback.url,
      // Its readers know objects alone.
      payload: callback.body?.startsWith('{') ? new JsonText(callback.body) : null,
      response_code: callback.statusCode === null ? null : String(callback.statusCode),
      response_message: messageOf(callback),
      created_at: callback.startedAt,
      updated_at: callback.endedAt,
      reference: null,
      reference_origin: null,
      metadata: {},
    },
    relationships: {
      webhook: {
        links: { self: `${self}/relationships/webhook`, related: `${self}/webhook` },
        data: { type: 'webhooks', id: callback.webhookId },
      },
    },
    meta: { mode: callback.mode },
  };
};
