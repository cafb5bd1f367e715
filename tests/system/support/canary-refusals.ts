// Requests that are refused, with a secret in a place that is not its own.
import type { CanaryWorld } from './canary-world.js';

type Request = readonly [method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown, headers?: Record<string, string | null>];

/** All of them get a 4xx. @param c the secret, @param webhook an id */
const refusals = (c: string, webhook: string, ok: string): readonly Request[] => [
  ['POST', '/v1/webhooks', { url: `https://user:${c}@receiver.example/` }],
  ['POST', '/v1/webhooks', { url: `ftp://receiver.example/?token=${c}` }],
  ['POST', '/v1/webhooks', { url: `http://127.0.0.2/?token=${c}` }],
  ['POST', '/v1/webhooks', { url: `https://receiver.example:22/?token=${c}` }],
  ['POST', '/v1/webhooks', { url: `https://receiver.example/?token=${c} x` }],
  ['POST', '/v1/webhooks', { url: ok, secret: { value: c } }],
  ['POST', '/v1/webhooks', { url: ok, secret: `${c} ${c}` }],
  ['POST', '/v1/webhooks', { url: ok, authentication: { type: c } }],
  ['POST', '/v1/webhooks', { url: ok, authentication: { type: 'api_key', value: { c } } }],
  ['POST', '/v1/webhooks', { url: ok, authentication: { type: 'api_key', header: 'host', value: c } }],
  ['POST', '/v1/webhooks', { url: ok, authentication: { type: 'bearer', token: `${c} x` } }],
  ['POST', '/v1/webhooks', { url: ok, authentication: { type: 'basic', username: `${c}:`, password: c } }],
  ['POST', '/v1/webhooks', { url: ok, headers: { host: c } }],
  ['POST', '/v1/webhooks', { url: ok, headers: { 'x-a': `${c}\n` } }],
  ['POST', '/v1/webhooks', { url: ok, headers: [c] }],
  ['POST', '/v1/webhooks', { url: ok, signature_header: { name: 'x-a', value: c } }],
  ['POST', '/v1/webhooks', { url: ok, payload_format: c }],
  ['POST', '/v1/webhooks', { url: ok, retry_schedule_s: c }],
  ['POST', '/v1/webhooks', { url: ok, filter: { data: { a: { $nope: c } } } }],
  ['POST', '/v1/webhooks', `{"url":"${ok}","secret":"${c}"`],
  ['POST', '/v1/webhooks', `secret=${c}`, { 'content-type': 'application/x-www-form-urlencoded' }],
  ['PATCH', `/v1/webhooks/${webhook}`, { authentication: { type: 'bearer', token: { c } } }],
  ['PATCH', `/v1/webhooks/${webhook}`, { headers: { 'x-a': 1, 'x-b': c, cookie: c } }],
  ['PATCH', `/v1/webhooks/${webhook}`, { description: c, name: 7 }, { 'if-match': `"${c}"` }],
  ['POST', `/v1/webhooks/${webhook}/rotate-secret`, { secret: c.slice(0, 9) + '\u00e9'.repeat(20), overlap_s: c }],
  ['POST', `/v1/webhooks/${webhook}/test`, `{"data":"${c}`],
  ['GET', '/v1/webhooks', undefined, { authorization: `Bearer ${c}` }],
  ['GET', '/v1/webhooks', undefined, { authorization: `Basic ${Buffer.from(`a:${c}`).toString('base64')}` }],
  ['GET', '/v1/webhooks', undefined, { authorization: c }],
  ['GET', '/v1/webhooks', undefined, { authorization: null, cookie: `posthorn_session=${c}; __Host-posthorn=${c}` }],
  ['GET', `/v1/webhooks?token=${c}`],
  ['GET', `/v1/webhooks?cursor=${c}`],
  ['GET', `/v1/deliveries?limit=${c}`],
  ['GET', `/nowhere?api_key=${c}`],
  ['POST', '/v1/events', { event_type: 'posthorn.mine', data: c }],
  ['POST', '/v1/events', { event_type: 'a', data: c, event_time: c }],
  ['POST', '/v1/events', `{"event_type":"a","data":"${c}`],
  ['POST', '/v1/events', { event_type: 'checked.type', data: { note: c }, id: `${c} ${c}` }],
  ['POST', '/v1/events', { event_type: 'a', data: 1 }, { 'idempotency-key': `"${c}" ${c}` }],
  [
    'POST',
    '/v1/events/batch',
    {
      events: [
        { event_type: 'posthorn.a', data: c },
        { event_type: 'b', data: c, resources: [c] },
      ],
    },
  ],
  ['POST', '/v1/api-keys', { role: c }],
  ['POST', '/v1/replays', { filter: { event_type: 'a' }, mode: c }],
  ['POST', '/v1/explain', { event: { event_type: 'posthorn x', data: c } }],
  ['POST', '/v1/event-types', { name: 'a.type', schema: { type: c } }],
  [
    'POST',
    '/v1/webhooks/import',
    { dialect: '001', webhooks: [{ attributes: { topic: '*', callback_url: `https://a:${c}@b/`, shared_secret: `${c} ${c}` } }] },
  ],
  [
    'POST',
    '/api/webhooks',
    { data: { type: 'webhooks', attributes: { topic: '*', callback_url: `https://a:${c}@b/`, shared_secret: `${c} ${c}` } } },
  ],
  ['POST', '/webhook', { target_url: `https://a:${c}@b/` }],
  ['POST', '/compat/cot/webhooks', { company: 'acme', isActive: true, trigger: 'logout-user', url: `https://a:${c}@b/`, name: 'x' }],
  ['POST', '/compat/flow/webhooks', { client: 'acme', isActive: true, url: `https://a:${c}@b/`, name: 'x' }],
];

/** Sends them; returns those that were not refused. */
export const askForRefusals = async (world: CanaryWorld, webhook: string): Promise<readonly string[]> => {
  const taken: string[] = [];
  for (const [method, path, body, headers] of refusals(world.secrets.misplaced ?? '', webhook, world.receiver.url('/ok'))) {
    const { status, text } = await world.ask(method, path, body, headers === undefined ? {} : { headers });
    if (status < 400 || status > 499) taken.push(`${method} ${path} ${JSON.stringify(body)}: ${status} ${text}`);
  }
  return taken;
};
