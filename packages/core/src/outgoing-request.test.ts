import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliveryHeaderNames } from './delivery-headers.js';
import { bodyShape, composeRequest, prepareSender, type SendingWebhook, shownHeaders, userAgent } from './outgoing-request.js';
import { type BodyEvent, buildBody, contentTypeOf, isBodyPerWebhook, payloadFormats } from './payload-format.js';
import { secretKeyBytes } from './secret.js';
import { sign } from './signature.js';

const [current, previous, older] = [5, 6, 7].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`) as [
  string,
  string,
  string,
];
const atMs = Date.parse('2025-01-31T12:00:00.999Z');
const at = { attempt: 1, atMs };

const newEvent = (changes: Partial<BodyEvent> = {}): BodyEvent => ({
  id: '01948e4c-7e00-7000-8000-000000000001',
  eventType: 'order.placed',
  eventTimeMs: atMs - 1_000,
  acceptedAtMs: atMs - 500,
  environmentId: '01948e4c-7e00-7000-8000-00000000000e',
  currentContext: null,
  data: '{"n":12345678901234567890,"f":1.0}',
  resources: '{"a":[1.0],"b":{"c":2}}',
  ...changes,
});
const webhook = (changes: Partial<SendingWebhook> = {}): SendingWebhook => ({
  id: '01948e4c-7e00-7000-8000-0000000000aa',
  payloadFormat: 'envelope',
  includeResources: [],
  authentication: { type: 'none' },
  headers: {},
  signatureHeader: null,
  secrets: [{ secret: current, expiresAtMs: null }],
  ...changes,
});

/** The request of a webhook by its own shape, and its headers as pairs. */
const compose = (changes: Partial<SendingWebhook> = {}, event = newEvent(), when: Parameters<typeof composeRequest>[3] = at) => {
  const sender = prepareSender(webhook(changes));
  const request = composeRequest(sender, event, sender.shape, when);
  const pairs = request.headers.flatMap((name, i) => (i % 2 === 0 ? [[name, request.headers[i + 1]] as [string, string]] : []));
  return { sender, request, pairs, byName: new Map(pairs) };
};
const allKinds: Partial<SendingWebhook> = {
  authentication: { type: 'api_key', header: 'x-token', value: 'Token abc' },
  headers: { 'X-Kind': 'k-{event_type}', 'x-plain': 'plain' },
  signatureHeader: { name: 'X-Signature', value: 'sha256={hex}' },
};

describe('a request', () => {
  it('has our headers first, then the authentication, the own headers and the signature header, in this order', () => {
    const { pairs, request } = compose(allKinds);
    expect(pairs.map(([name]) => name)).toEqual([...deliveryHeaderNames, 'x-token', 'X-Kind', 'x-plain', 'X-Signature']);
    expect(pairs.slice(-4, -1)).toEqual([
      ['x-token', 'Token abc'],
      ['X-Kind', 'k-order.placed'],
      ['x-plain', 'plain'],
    ]);
    expect(pairs.at(-1)?.[1]).toBe(`sha256=${createHmac('sha256', current).update(request.body).digest('hex')}`);
  });

  it('names its trace last, outside of all that is signed, unless the webhook has such a header itself', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const [told, untold] = [compose(allKinds, newEvent(), { ...at, traceparent }), compose(allKinds)];
    expect(told.pairs).toEqual([...untold.pairs, ['traceparent', traceparent]]);
    expect(told.request).toEqual({ ...untold.request, headers: told.request.headers });
    expect(shownHeaders(told.request)).toBe(`${shownHeaders(untold.request)}traceparent: ${traceparent}\n`);
    const own = compose({ headers: { TraceParent: 'mine' } }, newEvent(), { ...at, traceparent });
    expect(own.pairs.filter(([name]) => name.toLowerCase() === 'traceparent')).toEqual([['TraceParent', 'mine']]);
  });

  it('says whose it is: event, webhook, attempt, second, sender', () => {
    const { byName } = compose({}, newEvent(), { attempt: 7, atMs });
    expect(Object.fromEntries(byName)).toMatchObject({
      'webhook-id': newEvent().id,
      'webhook-timestamp': String(Math.floor(atMs / 1000)),
      'posthorn-event-type': 'order.placed',
      'posthorn-delivery-id': `${newEvent().id}.${webhook().id}`,
      'posthorn-attempt': '7',
      'user-agent': userAgent,
    });
  });

  it.each(payloadFormats)('in format %s has its body and content type', (payloadFormat) => {
    const includeResources = ['b', 'a'];
    const { request, byName } = compose({ payloadFormat, includeResources });
    expect(request.body).toBe(buildBody(payloadFormat, newEvent(), { includeResources, webhookId: webhook().id }));
    expect(byName.get('content-type')).toBe(contentTypeOf(payloadFormat));
  });

  it('has body and content type of the shape that is given, and everything else of the webhook', () => {
    const sender = prepareSender(webhook({ ...allKinds, payloadFormat: 'cloudevents' }));
    const { headers, body } = composeRequest(sender, newEvent(), bodyShape('jsonapi', ['b']), at);
    expect(body).toBe(`{"data":${newEvent().data},"included":[{"c":2}]}`);
    expect(headers[headers.indexOf('content-type') + 1]).toBe('application/vnd.api+json');
    expect(headers).toContain('Token abc');
  });

  it('is signed with every secret that has not expired, and with no other', () => {
    const secrets = [
      { secret: current, expiresAtMs: null },
      { secret: previous, expiresAtMs: atMs + 1 },
      { secret: older, expiresAtMs: atMs },
    ];
    const { byName, request } = compose({ secrets });
    const signatureBy = (secret: string) =>
      sign([secretKeyBytes(secret)], byName.get('webhook-id') ?? '', Math.floor(atMs / 1000), request.body);
    const signatures = byName.get('webhook-signature')?.split(' ') ?? [];
    expect([current, previous, older].map((secret) => signatures.includes(signatureBy(secret)))).toEqual([true, true, false]);
    expect(signatures).toHaveLength(2);
  });

  it('has in its signature header the current secret alone, whatever comes first', () => {
    const secrets = [
      { secret: previous, expiresAtMs: atMs + 1 },
      { secret: current, expiresAtMs: null },
    ];
    const { byName, request } = compose({ secrets, signatureHeader: { name: 'x-s', value: '{base64url}' } });
    expect(byName.get('x-s')).toBe(createHmac('sha256', current).update(request.body).digest('base64url'));
  });

  it('leaves out own headers that nobody may set any more', () => {
    const { byName } = compose({ headers: { 'webhook-signature-2': 'v1,x', 'x-a': '1' } });
    expect([byName.has('webhook-signature-2'), byName.get('x-a')]).toEqual([false, '1']);
  });

  it('is refused to be prepared with a secret that is none', () => {
    expect(() => prepareSender(webhook({ secrets: [{ secret: 'whsec_!', expiresAtMs: null }] }))).toThrow(RangeError);
  });
});

describe('shown headers', () => {
  it('hide the values of authentication and own headers alone', () => {
    const { request, pairs } = compose(allKinds);
    const hidden = new Set(['x-token', 'X-Kind', 'x-plain']);
    const lines = pairs.map(([name, value]) => `${name}: ${hidden.has(name) ? '<hidden>' : value}\n`);
    expect(shownHeaders(request)).toBe(lines.join(''));
  });

  it('are the headers themselves where nothing is secret', () => {
    const { request, pairs } = compose({ signatureHeader: { name: 'x-s', value: '{hex}' } });
    expect(shownHeaders(request)).toBe(pairs.map(([name, value]) => `${name}: ${value}\n`).join(''));
  });

  it('never have a secret value in them, whatever it is', () => {
    // Longer than anything that could stand in our own headers by chance.
    const value = fc.stringMatching(/^[!-;=?-~]{24,60}$/);
    const names = fc.constantFrom('x-a', 'authorization', 'x-b-c');
    fc.assert(
      fc.property(value, value, value, names, (token, one, two, name) => {
        const { request } = compose({ authentication: { type: 'bearer', token }, headers: { 'x-one': one, [name]: two } });
        const shown = shownHeaders(request);
        for (const secret of [token, one, two]) expect(shown.includes(secret)).toBe(false);
        expect(shown.split('\n')).toHaveLength(request.headers.length / 2 + 1);
      }),
    );
  });
});

describe("an event's body", () => {
  // Strings have no identity that could be seen, so it is seen that the event is not looked at again.
  const watched = () => {
    let built = 0;
    const event: BodyEvent = {
      ...newEvent(),
      get data() {
        built += 1;
        return '{"a":1}';
      },
    };
    return { event, built: () => built };
  };
  const bodyFor = (event: BodyEvent, changes: Partial<SendingWebhook>) => compose(changes, event).request.body;

  it.each(payloadFormats.filter((format) => !isBodyPerWebhook(format)))(
    'in format %s is built once, for all webhooks and attempts',
    (payloadFormat) => {
      const { event, built } = watched();
      const bodies = ['a', 'b', 'c'].flatMap((id) => [bodyFor(event, { id, payloadFormat }), bodyFor(event, { id, payloadFormat })]);
      expect([new Set(bodies).size, built()]).toEqual([1, 1]);
    },
  );

  it('is built once for each shape, whichever comes in between', () => {
    const { event, built } = watched();
    const shapes: Partial<SendingWebhook>[] = [
      {},
      { includeResources: ['a'] },
      { includeResources: ['b', 'a'] },
      { includeResources: ['a', 'b'] },
      { payloadFormat: 'jsonapi', includeResources: ['a'] },
      { payloadFormat: 'standard' },
    ];
    const first = shapes.map((shape) => bodyFor(event, shape));
    const second = shapes.map((shape) => bodyFor(event, shape));
    expect(second).toEqual(first);
    expect([new Set(first).size, built()]).toEqual([shapes.length, shapes.length]);
  });

  it('that names its webhook is built for each', () => {
    const event = newEvent();
    const bodies = ['a', 'b'].map((id) => bodyFor(event, { id, payloadFormat: 'event_payload' }));
    expect(bodies.map((body) => (JSON.parse(body) as { webhook_id: string }).webhook_id)).toEqual(['a', 'b']);
    expect(bodyFor(event, { id: 'a', payloadFormat: 'event_payload' })).toBe(bodies[0]);
  });

  it('is not that of another event with the same id', () => {
    const bodies = ['1', '2'].map((data) => bodyFor(newEvent({ data }), { payloadFormat: 'data' }));
    expect(bodies).toEqual(['1', '2']);
  });
});

describe('the key of a shape', () => {
  it('is equal for equal shapes alone', () => {
    const shape = fc.tuple(
      fc.constantFrom(...payloadFormats),
      fc.array(fc.constantFrom('a', 'b', 'ab', 'a\nb', '"', ','), { maxLength: 3 }),
    );
    fc.assert(
      fc.property(shape, shape, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(bodyShape(...one).key === bodyShape(...other).key).toBe(isSame);
      }),
      {
        examples: [
          [
            ['envelope', ['a', 'b']],
            ['envelope', ['a\nb']],
          ],
        ],
      },
    );
  });
});
