// A receiver in Node with nothing installed: node verify.mjs (PORT, WEBHOOK_SECRET)
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const toleranceS = 300;
const bodyBytesMax = 4 * 1024 * 1024;

// The key is the decoded rest of a secret with whsec_ before it, and the bytes of any other.
const keyOf = (secret) => (secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret));

/** Whether the request is Posthorn's and fresh. `body` is a Buffer of the bytes that came. */
export function verify(headers, body, secret, nowS = Date.now() / 1000) {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  const signatures = headers['webhook-signature'] ?? '';
  if (!/^\d+$/.test(timestamp) || Math.abs(nowS - Number(timestamp)) > toleranceS) return false;
  const expected = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest();
  // While a secret is rotated there are two signatures; one that is right is enough.
  return signatures.split(' ').some((each) => {
    if (!each.startsWith('v1,')) return false;
    const given = Buffer.from(each.slice(3), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const seen = new Set(); // In a real receiver: a unique column in your database.

const server = createServer((request, response) => {
  const chunks = [];
  let bytes = 0;
  request.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes <= bodyBytesMax) chunks.push(chunk);
  });
  request.on('end', () => {
    if (bytes > bodyBytesMax) return response.writeHead(413).end();
    const body = Buffer.concat(chunks);
    if (!verify(request.headers, body, process.env.WEBHOOK_SECRET)) return response.writeHead(401).end();
    response.writeHead(204).end();
    const id = request.headers['webhook-id'];
    if (seen.has(id)) return;
    seen.add(id);
    setImmediate(() => console.log(`handled ${id} ${JSON.parse(body.toString('utf8')).event_type}`)); // The work, after the answer.
  });
});
server.listen(Number(process.env.PORT ?? 4000), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
