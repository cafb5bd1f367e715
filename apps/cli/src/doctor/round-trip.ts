// The round trip: an event published through the API that runs, to a webhook of a tenant of its own, whose receiver is opened here; the signature is verified as a
// receiver would. The tenant is erased afterwards, however it went.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, PosthornError, type Schema, verify } from '@posthorn/client';
import { type Check, type ErrorWords, ok, problem, warning } from './check.js';
import { type EventReceiver, startEventReceiver, type Taken } from './event-receiver.js';
import { type ReceiverPlace, webhookUrlOf } from './receiver-place.js';

export const roundTripName = 'round trip';
const eventType = 'doctor.round_trip';
const recordedMs = 10_000;
const lookEveryMs = 100;

export type RoundTripOptions = {
  readonly api: Client;
  readonly place: ReceiverPlace;
  /** How long the event may take to arrive. */
  readonly arriveMs: number;
  /** Ends the wait; what was made is erased all the same. */
  readonly signal: AbortSignal;
  readonly words: ErrorWords;
};

/** Why it cannot be made: not that something is broken. */
const cannotBeMade = (sentence: string, fix: string): readonly Check[] => [warning(roundTripName, `not made: ${sentence}`, fix)];

/** Makes it, and says how it went. Never rejects. */
export const checkRoundTrip = async (options: RoundTripOptions): Promise<readonly Check[]> => {
  const { api, place, words } = options;
  const suffix = randomBytes(6).toString('hex');
  const tenant = `doctor-${suffix}`;
  const path = `/doctor/${suffix}`;
  let receiver: EventReceiver;
  try {
    receiver = await startEventReceiver(place.listen, path);
  } catch (error) {
    return cannotBeMade(
      `no receiver can be opened on ${place.listen.host} (${words(error)})`,
      'name an address that is free with --listen',
    );
  }
  const target = webhookUrlOf(place, receiver.port, path);
  let isMade = false;
  try {
    const secret = await makeWebhook(api, tenant, target).catch((error: unknown) => {
      // Without an answer nobody knows whether it was made.
      isMade = !(error instanceof PosthornError && error.status !== null);
      throw error;
    });
    isMade = true;
    const found = await publishAndWait(options, { tenant, secret, target }, receiver);
    return [...found, ...(await eraseTenant(api, tenant, words))];
  } catch (error) {
    return [...refusalOf(error, options, { target, port: receiver.port }), ...(isMade ? await eraseTenant(api, tenant, words) : [])];
  } finally {
    await receiver.stop();
  }
};

/** Returns its secret. */
const makeWebhook = async (api: Client, tenant: string, url: string): Promise<string> => {
  const { data } = await api.POST('/v1/webhooks', { body: { name: 'posthorn doctor', tenant, url, event_types: [eventType] } });
  return data.secret;
};

const publishAndWait = async (
  { api, arriveMs, signal, place }: RoundTripOptions,
  { tenant, secret, target }: { readonly tenant: string; readonly secret: string; readonly target: string },
  receiver: EventReceiver,
): Promise<readonly Check[]> => {
  const token = randomBytes(12).toString('hex');
  const publishedAtMs = performance.now();
  const { id } = await api.publish({ event_type: eventType, tenant, data: { token } });
  const acceptedMs = performance.now() - publishedAtMs;
  const late = new AbortController();
  const taken = await Promise.race([receiver.first, delay(arriveMs, null, { signal: AbortSignal.any([late.signal, signal]) })]).finally(
    () => late.abort(),
  );
  if (taken === null) return [await explainAbsence(api, id, arriveMs, { place, target })];
  const fault = faultOf(taken, secret, token);
  if (fault !== null)
    return [problem(roundTripName, `the event arrived, and ${fault}`, 'see whether a proxy between worker and receiver changes requests')];
  if (!(await isRecorded(api, id)))
    return [
      problem(
        roundTripName,
        `the event arrived, and its delivery is not recorded after ${recordedMs / 1_000} s`,
        'read the log of the workers: flush.failed',
      ),
    ];
  const arrivedMs = taken.atMs - publishedAtMs;
  return [
    ok(
      roundTripName,
      `an event was accepted in ${Math.round(acceptedMs)} ms and arrived after ${Math.round(arrivedMs)} ms, its signature right`,
    ),
  ];
};

/** What is wrong with the request; null: nothing. */
const faultOf = ({ headers, body }: Taken, secret: string, token: string): string | null => {
  const verdict = verify({ secret, headers, body });
  if (!verdict.ok) return `its signature is not right: ${verdict.message}`;
  return body.includes(token) ? null : 'it is not what was published';
};

const isRecorded = async (api: Client, id: string): Promise<boolean> => {
  const until = performance.now() + recordedMs;
  do {
    const { data } = await api.GET('/v1/events/{id}', { params: { path: { id } } });
    if (data.deliveries.succeeded > 0) return true;
    await delay(lookEveryMs);
  } while (performance.now() < until);
  return false;
};

type Delivery = Schema<'Delivery'>;

/** What an attempt says of a receiver that is not where the webhook points. */
const elsewhereKinds: readonly string[] = ['dns', 'connect', 'timeout', 'tls', 'blocked'];

/** The worker calls, and nobody answers there, or it may not: loopback is each machine's own. */
const unreached = ({ url }: ReceiverPlace, waited: string, why: string, target: string): Check =>
  url === null
    ? warning(
        roundTripName,
        `${waited}: the worker cannot reach ${new URL(target).host} here (${why})`,
        'run the doctor where the workers run, with the same POSTHORN_EGRESS_ALLOW for both, or name with --receiver a URL by which they reach this machine',
      )
    : warning(
        roundTripName,
        `${waited}: the worker does not reach the receiver by ${url} (${why})`,
        'see whether that leads from the workers to where --listen listens, and whether their POSTHORN_EGRESS_ALLOW lets them call it',
      );

const explainAbsence = async (
  api: Client,
  id: string,
  arriveMs: number,
  { place, target }: { readonly place: ReceiverPlace; readonly target: string },
): Promise<Check> => {
  const { data: page } = await api.GET('/v1/events/{id}/deliveries', { params: { path: { id } } });
  const { data: deployment } = await api.GET('/v1/deployment');
  const workers = deployment.processes.filter(({ role }) => role === 'worker').length;
  const waited = `the event was accepted and has not arrived after ${arriveMs / 1_000} s`;
  if (workers === 0) return problem(roundTripName, `${waited}: no worker runs`, 'start one: posthorn worker');
  const [delivery] = page.data as readonly Delivery[];
  if (delivery === undefined)
    return problem(roundTripName, `${waited}: no worker has taken it`, 'see GET /v1/deployment for the queue, and the log of the workers');
  const { last_error_kind: kind, reason } = delivery;
  const why = reason === 'blocked_address' ? reason : kind;
  if (why === 'blocked_address' || elsewhereKinds.includes(why ?? '')) return unreached(place, waited, why ?? '', target);
  const state = [delivery.status, reason ?? kind].filter((word) => word !== null).join(', ');
  return problem(roundTripName, `${waited}: its delivery is ${state}`, `look at it: GET /v1/deliveries/${delivery.id}`);
};

const blocked = ({ url, listen: { host } }: ReceiverPlace, port: number, said: string): readonly Check[] => {
  if (url !== null)
    return cannotBeMade(`webhooks may not point to ${url} (${said})`, 'let the API and the workers call it with POSTHORN_EGRESS_ALLOW');
  const isAllowed = `POSTHORN_EGRESS_ALLOW=${host}:${port}`;
  return cannotBeMade(
    'webhooks may not point to this machine',
    `start the API and the workers with ${isAllowed} and run: posthorn doctor --listen ${host}:${port}`,
  );
};

const refusalOf = (
  error: unknown,
  { api: { url }, place, words }: RoundTripOptions,
  { target, port }: { readonly target: string; readonly port: number },
): readonly Check[] => {
  if (!(error instanceof PosthornError)) return [problem(roundTripName, words(error), `see whether ${url} is the API of Posthorn`)];
  const refused = problem(roundTripName, `the API refuses it: ${words(error)}`, `see ${url}/readyz, and the log of the API`);
  switch (error.code) {
    case 'unauthorized':
      return cannotBeMade(`the API at ${url} does not know this key`, 'name one with --key');
    case 'forbidden':
    case 'tenant_forbidden':
      return cannotBeMade('this key may not make webhooks', 'name the key of an admin with --key');
    case 'blocked_address':
      return blocked(place, port, words(error));
    case 'invalid_field':
      if (error.errors.every(({ pointer }) => pointer !== '/url')) return [refused];
      return cannotBeMade(
        `the environment of this key takes no ${new URL(target).protocol}// URL (${words(error)})`,
        'name the admin key of a test environment with --key, or a URL that it takes with --receiver',
      );
    default:
      return [refused];
  }
};

const isNotFound = (error: unknown): boolean => error instanceof PosthornError && error.status === 404;

/** What was made goes: the webhook, the event, the tenant. Nothing is said where nothing is left. */
const eraseTenant = async (api: Client, tenant: string, words: ErrorWords): Promise<readonly Check[]> => {
  try {
    await api.DELETE('/v1/tenants/{tenant}', { params: { path: { tenant } } });
    return [];
  } catch (error) {
    if (isNotFound(error)) return [];
    return [warning(roundTripName, `the tenant ${tenant} that was made for it is left: ${words(error)}`, `DELETE /v1/tenants/${tenant}`)];
  }
};
