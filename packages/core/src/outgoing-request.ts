// A request as an endpoint gets it: body, headers, signatures. One way for first attempts, retries, replays and tests.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { type Authentication, authenticationHeader, hiddenValue } from './authentication.js';
import { deliveryHeaders } from './delivery-headers.js';
import { secretsOfRequests } from './echoed-secrets.js';
import { type OwnHeaders, renderHeaders } from './own-headers.js';
import { type BodyEvent, buildBody, contentTypeOf, isBodyPerWebhook, type PayloadFormat } from './payload-format.js';
import { secretKeyBytes } from './secret.js';
import { sign } from './signature.js';
import { type SignatureHeader, signatureHeader } from './signature-header.js';

/** How every request of ours names itself. */
export const userAgent = 'Posthorn/0.1';

/** What a body looks like. */
export type BodyShape = {
  readonly payloadFormat: PayloadFormat;
  readonly includeResources: readonly string[];
  /** Equal for shapes whose bodies are equal, but for the webhook's id. */
  readonly key: string;
};

/** What of a webhook its requests are made of. The current secret comes first, then those that still sign after a rotation. */
export type SendingWebhook = {
  readonly id: string;
  readonly payloadFormat: PayloadFormat;
  readonly includeResources: readonly string[];
  readonly authentication: Authentication;
  readonly headers: OwnHeaders;
  readonly signatureHeader: SignatureHeader | null;
  readonly secrets: readonly { readonly secret: string; readonly expiresAtMs: number | null }[];
};

/** The same, prepared once for all its requests. */
export type Sender = {
  readonly webhookId: string;
  readonly shape: BodyShape;
  /** Sign always; one, as a list. */
  readonly currentKeys: readonly KeyObject[];
  /** Sign too until they expire: a rotation overlaps. */
  readonly previousKeys: readonly { readonly key: KeyObject; readonly expiresAtMs: number }[];
  readonly authentication: readonly [name: string, value: string] | null;
  /** Null: none. */
  readonly headers: OwnHeaders | null;
  readonly bodySignature: { readonly template: SignatureHeader; readonly secret: string } | null;
  /** What no answer may be kept with (`withoutSecrets`). */
  readonly secretTexts: readonly string[];
};

/** `headers` is flat: name, value, name, value … `secretFrom` and `secretTo` bound those whose values are secret. */
export type OutgoingRequest = {
  readonly headers: readonly string[];
  readonly body: string;
  readonly secretFrom: number;
  readonly secretTo: number;
};

/** A body's shape by format and resources. */
export function bodyShape(payloadFormat: PayloadFormat, includeResources: readonly string[]): BodyShape {
  return { payloadFormat, includeResources, key: JSON.stringify([payloadFormat, ...includeResources]) };
}

/** A RangeError if a secret is none. */
export function prepareSender(webhook: SendingWebhook): Sender {
  const keys = webhook.secrets.map(({ secret, expiresAtMs }) => ({ key: createSecretKey(secretKeyBytes(secret)), expiresAtMs }));
  const current = webhook.secrets.find((each) => each.expiresAtMs === null);
  return {
    webhookId: webhook.id,
    shape: bodyShape(webhook.payloadFormat, webhook.includeResources),
    currentKeys: keys.filter((each) => each.expiresAtMs === null).map((each) => each.key),
    previousKeys: keys.flatMap(({ key, expiresAtMs }) => (expiresAtMs === null ? [] : [{ key, expiresAtMs }])),
    authentication: authenticationHeader(webhook.authentication),
    headers: Object.keys(webhook.headers).length === 0 ? null : webhook.headers,
    bodySignature:
      webhook.signatureHeader === null || current === undefined ? null : { template: webhook.signatureHeader, secret: current.secret },
    secretTexts: secretsOfRequests(webhook),
  };
}

/**
 * The request of one attempt. `shape` is that of the version under which the delivery was made; everything else is the webhook's of today.
 * @param attempt its number, from 1; `atMs`: Unix milliseconds; `traceparent`: told to the endpoint, unless the webhook says what its own is
 */
export function composeRequest(
  sender: Sender,
  event: BodyEvent,
  shape: BodyShape,
  { attempt, atMs, traceparent }: { readonly attempt: number; readonly atMs: number; readonly traceparent?: string | undefined },
): OutgoingRequest {
  const body = bodyOf(event, shape, sender.webhookId);
  const timestampS = Math.floor(atMs / 1000);
  const headers = deliveryHeaders({
    eventId: event.id,
    timestampS,
    signature: sign(keysAt(sender, atMs), event.id, timestampS, body),
    eventType: event.eventType,
    deliveryId: `${event.id}.${sender.webhookId}`,
    attempt,
    contentType: contentTypeOf(shape.payloadFormat),
    userAgent,
  });
  const secretFrom = headers.length;
  if (sender.authentication !== null) headers.push(...sender.authentication);
  if (sender.headers !== null) headers.push(...renderHeaders(sender.headers, event));
  const secretTo = headers.length;
  if (sender.bodySignature !== null) headers.push(...signatureHeader(sender.bodySignature.template, sender.bodySignature.secret, body));
  if (traceparent !== undefined && !hasHeader(headers, 'traceparent')) headers.push('traceparent', traceparent);
  return { headers, body, secretFrom, secretTo };
}

/** The headers as they may be kept and shown: `name: value` lines. */
export function shownHeaders({ headers, secretFrom, secretTo }: OutgoingRequest): string {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${i >= secretFrom && i < secretTo ? hiddenValue : headers[i + 1]}\n`;
  return lines;
}

/** @param name in lower case */
function hasHeader(headers: readonly string[], name: string): boolean {
  return headers.some((each, i) => i % 2 === 0 && each.length === name.length && each.toLowerCase() === name);
}

function keysAt({ currentKeys, previousKeys }: Sender, atMs: number): readonly KeyObject[] {
  if (previousKeys.length === 0) return currentKeys;
  return [...currentKeys, ...previousKeys.filter((each) => each.expiresAtMs > atMs).map((each) => each.key)];
}

// A body is built once per event and shape, however many webhooks get it.
const bodies = new WeakMap<BodyEvent, { readonly key: string; readonly body: string }[]>();

function bodyOf(event: BodyEvent, shape: BodyShape, webhookId: string): string {
  if (isBodyPerWebhook(shape.payloadFormat)) return buildBody(shape.payloadFormat, event, { ...shape, webhookId });
  let built = bodies.get(event);
  if (built === undefined) {
    built = [];
    bodies.set(event, built);
  }
  for (const each of built) if (each.key === shape.key) return each.body;
  const body = buildBody(shape.payloadFormat, event, { ...shape, webhookId });
  built.push({ key: shape.key, body });
  return body;
}
