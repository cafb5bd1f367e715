// What a fuzz knows of the product that it asks: ids that exist, so that requests get past the door. It learns them from answers.
import fc from 'fast-check';
import type { FuzzRequest } from './requests.js';
import type { Hints } from './schema-values.js';

const keptMost = 200;
const tenants = ['default', 'acme', 'globex', ...Array.from({ length: 12 }, (_, index) => `t${index}`)];
const triggers = ['create-edit-delete-task', 'order.created'];
const eventTypes = ['order.created', 'order.changed', 'work_order.updated', 'a'];

export type Known = {
  readonly add: (kind: string, id: string) => void;
  /** Learns of what a request that was taken made, was shown, or deleted. */
  readonly learn: (request: FuzzRequest, answer: unknown) => void;
  /** For the next requests; what is learnt later is not in it. */
  readonly hints: () => Hints;
};

type Shown = {
  readonly id?: unknown;
  readonly _id?: unknown;
  readonly result?: unknown;
  readonly name?: unknown;
  readonly tenant?: unknown;
  readonly data?: unknown;
  readonly next_cursor?: unknown;
};

/** Collections whose things are made by the fuzz itself: of all others it takes what lists show. Its own keys it must not revoke. */
const madeOnly = new Set(['/v1/api-keys', '/v1/environments', '/v1/tenants', '/v1/event-types']);
const nameOf: Readonly<Record<string, 'name' | 'tenant'>> = { '/v1/event-types': 'name', '/v1/tenants': 'tenant' };

/** @param urls where webhooks may point to */
export const createKnown = (urls: readonly string[]): Known => {
  const kept = new Map<string, string[]>();
  const add = (kind: string, id: string): void => {
    const list = kept.get(kind) ?? [];
    kept.set(kind, list);
    if (list.length < keptMost) list.push(id);
    else list[(list.length * 7919 + id.length + id.charCodeAt(id.length - 1)) % keptMost] = id;
  };
  const forget = (kind: string, id: string): void => {
    kept.set(
      kind,
      (kept.get(kind) ?? []).filter((each) => each !== id),
    );
  };
  const learnOne = (collection: string, one: unknown): void => {
    const shown = one as Shown | null;
    const value = shown?.[nameOf[collection] ?? 'id'] ?? shown?._id;
    if (typeof value === 'string') add(collection, value);
  };
  return {
    add,
    learn: ({ method, template, path }, answer) => {
      if (method === 'DELETE') forget(template.split('/{')[0] ?? '', decodeURIComponent(path.split('?')[0]?.split('/').at(-1) ?? ''));
      if (typeof answer !== 'object' || answer === null) return;
      const collection = template.split('/{')[0] ?? '';
      const { data, result = data, next_cursor: cursor } = answer as Shown;
      if (typeof cursor === 'string') add('cursor', cursor);
      if (template !== collection) return;
      if (method === 'GET' && madeOnly.has(collection)) return;
      if (Array.isArray(result)) for (const one of result.slice(0, 5)) learnOne(collection, one);
      else learnOne(collection, result ?? answer);
    },
    hints: () => {
      const from = (kind: string): fc.Arbitrary<unknown> | undefined => {
        const list = kept.get(kind);
        return list === undefined || list.length === 0 ? undefined : fc.constantFrom(...list);
      };
      const fixed: Readonly<Record<string, fc.Arbitrary<unknown> | undefined>> = {
        url: fc.constantFrom(...urls),
        target_url: fc.constantFrom(...urls),
        callback_url: fc.constantFrom(...urls),
        tenant: fc.constantFrom(...tenants),
        company: fc.constantFrom(...tenants),
        client: fc.constantFrom(...tenants),
        event_type: fc.constantFrom(...eventTypes),
        trigger: fc.constantFrom(...triggers),
        event_types: fc.constantFrom(...eventTypes, 'order.*', '*'),
        name: fc.integer({ min: 0, max: 1e9 }).map((number) => `name_${number}`),
        schema: fc.constantFrom<unknown>(null, { type: 'object' }, { type: 'object', properties: { a: { type: 'string' } } }),
        email: fc.constantFrom(null, 'someone@example.com'),
        version: fc.constantFrom(1, 2),
        id: from('/v1/webhooks'),
        // Those that are fields of events and of filters of replays alike.
        filter: fc.constantFrom<unknown>(
          null,
          { event_type: 'order.created' },
          {},
          { amount: { $gt: 5 } },
          { status: 'paid', 'order.total': { $lte: 10 } },
        ),
        secret: fc.constant('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
        code: fc.integer({ min: 0, max: 1e9 }).map((number) => `code_${number}`),
        headers: fc.constantFrom({}, { 'x-one': 'two' }),
        metadata: fc.constantFrom({}, { team: 'billing' }),
        topic: fc.constantFrom('orders.create', 'customers.create'),
        webhook_id: from('/v1/webhooks'),
        event_id: from('/v1/events'),
        replay_id: from('/v1/replays'),
        environment_id: from('/v1/environments'),
        cursor: from('cursor'),
        next_cursor: from('cursor'),
      };
      return (name) => (name.startsWith('/') ? from(name) : fixed[name]);
    },
  };
};
