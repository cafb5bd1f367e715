// Asks the API for the secrets of the webhooks that point to a port of this machine. Reading a secret is audited, so
// others are left alone.
import type { ApiClient } from '../api-client.js';
import type { KnownSecret } from './signature-verdict.js';

const pageSize = 200;
const pagesMax = 25;
const loopback = /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|host\.docker\.internal)$/;

type ListedWebhook = { readonly id: string; readonly name: string | null; readonly url: string };
type WebhookPage = { readonly data: readonly ListedWebhook[]; readonly next_cursor?: string | null };
type SecretAnswer = { readonly secret: string; readonly previous?: readonly { readonly secret: string }[] };

/** Current and previous secrets; a webhook is called by its name, else by its id. Rejects with the API's error. */
export async function loadWebhookSecrets(api: Pick<ApiClient, 'get'>, port: number): Promise<readonly KnownSecret[]> {
  const secrets: KnownSecret[] = [];
  for (const { id, name } of (await listWebhooks(api)).filter(({ url }) => pointsTo(url, port))) {
    const answer = (await api.get(`/v1/webhooks/${encodeURIComponent(id)}/secret`)) as SecretAnswer;
    for (const { secret } of [answer, ...(answer.previous ?? [])]) secrets.push({ webhook: name ?? id, secret });
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

async function listWebhooks(api: Pick<ApiClient, 'get'>): Promise<readonly ListedWebhook[]> {
  const webhooks: ListedWebhook[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page++) {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = (await api.get(`/v1/webhooks?limit=${pageSize}${query}`)) as WebhookPage;
    webhooks.push(...answer.data);
    cursor = answer.next_cursor ?? null;
    if (cursor === null) break;
  }
  return webhooks;
}
