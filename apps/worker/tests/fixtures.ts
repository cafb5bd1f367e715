// What the worker's tests are made of: events, webhooks and records with sensible values, and a promise that a test settles by hand.
import { randomUUID } from 'node:crypto';
import { attemptKindCodes, prepareSender, type SendingWebhook, storedStatusCodes } from '@posthorn/core';
import type { DeliverableWebhook, DeliveryRecord, LoadedEvent, SentAttempt } from '@posthorn/db';
import { createPatience } from '../src/patience.js';
import { createPlaces } from '../src/places.js';
import { createSlots } from '../src/slots.js';

const environmentId = randomUUID();
export const tenantId: string = randomUUID();
export const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

/** Fake timers that leave alone what promises and sockets run on. */
export const fakeTime: { doNotFake: ('nextTick' | 'queueMicrotask' | 'setImmediate')[] } = {
  doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'],
};

export const newEvent = (changes: Partial<LoadedEvent> = {}): LoadedEvent => ({
  id: randomUUID(),
  environmentId,
  tenantId,
  webhooksVersion: 1,
  eventType: 'order.placed',
  eventTimeMs: 1_750_000_000_123,
  acceptedAtMs: 1_750_000_001_000,
  projectFlows: [],
  data: '{"n":12345678901234567890,"f":1.0,"b":1,"a":2,"a":3,"s":"\\u0000\\ud800 é"}',
  currentContext: null,
  resources: null,
  erased: false,
  ...changes,
});

const webhookBase = () => ({
  id: randomUUID(),
  environmentId,
  tenantId,
  version: 3,
  url: 'http://127.0.0.1:9/',
  eventTypes: [],
  projectFlows: [],
  context: {},
  filter: null,
  createdAtMs: 1_700_000_000_000,
  timeoutMs: 15_000,
  maxInFlight: 20,
  rateLimited: false,
  circuitThreshold: 10,
  retryScheduleS: [5, 300],
});

const sendingBase = (): Omit<SendingWebhook, 'id'> => ({
  payloadFormat: 'envelope',
  includeResources: [],
  authentication: { type: 'none' },
  headers: {},
  signatureHeader: null,
  secrets: [{ secret, expiresAtMs: null }],
});

/** As the database gives it; `sending` is what its requests are made of. */
export const storedWebhook = (changes: Partial<DeliverableWebhook> = {}, sending: Partial<SendingWebhook> = {}): DeliverableWebhook => {
  const webhook = { ...webhookBase(), ...changes };
  const sender = prepareSender({ ...sendingBase(), ...sending, id: webhook.id });
  return { ...webhook, sender: changes.sender ?? (() => sender) };
};

export const sent = (changes: Partial<SentAttempt> = {}): SentAttempt => ({
  ok: true,
  counts: true,
  kind: attemptKindCodes.first,
  webhookVersion: 3,
  startedAtMs: 1_750_000_002_000,
  statusCode: 200,
  errorKind: null,
  error: null,
  durationMs: 1,
  dnsMs: null,
  connectMs: null,
  tlsMs: null,
  firstByteMs: 1,
  requestHeaders: 'a: b\n',
  responseHeaders: 'c: d\n',
  responseBody: Buffer.from('ok'),
  responseTruncated: false,
  ...changes,
});

/** The record of a first attempt that succeeded. */
export const newRecord = (changes: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  environmentId,
  tenantId,
  eventId: randomUUID(),
  webhookId: randomUUID(),
  eventType: 'order.placed',
  isNew: true,
  attempt: 1,
  status: storedStatusCodes.succeeded,
  reason: null,
  dueInMs: null,
  out: false,
  shape: 3,
  sent: sent(),
  epoch: 0,
  threshold: 10,
  holdMs: null,
  gone: false,
  replay: false,
  ...changes,
});

/** The places and the patience of a worker. */
export const newRoom = (placesMax = 512) => ({
  slots: createSlots(60_000),
  places: createPlaces(placesMax),
  patience: createPatience(500),
});

export type Deferred<T> = {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
};

export const defer = <T>(): Deferred<T> => {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error('a promise runs its executor at once');
  return { promise, ...settle };
};
