// Standard Webhooks 1.0.0, scheme v1: base64 of HMAC-SHA256 over `id.timestamp.body`, the timestamp in Unix seconds of the attempt.
// The id must not contain a dot; ours are UUIDs. The receiver's half is `verify` of packages/client.
import { createHmac, type KeyObject } from 'node:crypto';

/**
 * The value of `webhook-signature`: one `v1,<base64>` per key, joined by spaces; two keys while a rotation overlaps.
 * Key objects (`createSecretKey`) sign a little faster than buffers.
 */
export function sign(keys: readonly (Buffer | KeyObject)[], id: string, timestampS: number, body: string): string {
  const content = `${id}.${timestampS}.${body}`;
  let signatures = '';
  for (const key of keys) {
    if (signatures !== '') signatures += ' ';
    signatures += `v1,${hmac(key, content)}`;
  }
  return signatures;
}

function hmac(key: Buffer | KeyObject, content: string): string {
  return createHmac('sha256', key).update(content).digest('base64');
}
