// Asks the API for the secrets of the webhooks that point to a port of this machine. Reading a secret is audited, so
// others are left alone.
import type { Client, Schema } from '@posthorn/client';
import type { KnownSecret } from './signature-verdict.js';

const pageSize = 200;
const webhooksMax = 5_000;
const loopback = /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|host\.docker\.internal)$/;

/** Current and previous secrets; a webhook is called by its name, else by its id. Rejects with the API's error. */
export async function loadWebhookSecrets(api: Client, port: number): Promise<readonly KnownSecret[]> {
  const secrets: KnownSecret[] = [];
  for (const { id, name } of (await listWebhooks(api)).filter(({ url }) => pointsTo(url, port))) {
    const { data } = await api.GET('/v1/webhooks/{id}/secret', { params: { path: { id } } });
    for (const { secret } of [data, ...data.previous]) if (secret !== null) secrets.push({ webhook: name ?? id, secret });
  }
  return secrets;
}

/** Whether a webhook with this URL calls a server on this port of this machine. */
export function pointsTo(url: string, port: number): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, port: given, protocol } = new URL(url);
  const defaultPort = protocol === 'https:' ? 443 : 80;
  return loopback.test(hostname) && (given === '' ? defaultPort : Number(given)) === port;
}

async function listWebhooks(api: Client): Promise<readonly Schema<'Webhook'>[]> {
  const webhooks: Schema<'Webhook'>[] = [];
  for await (const webhook of api.paginate('/v1/webhooks', { params: { query: { limit: pageSize } } })) {
    if (webhooks.push(webhook) >= webhooksMax) break;
  }
  return webhooks;
}
