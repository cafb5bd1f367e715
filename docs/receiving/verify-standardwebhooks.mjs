// A receiver in Node with npm standardwebhooks: node verify-standardwebhooks.mjs (PORT, WEBHOOK_SECRET)
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

const secret = process.env.WEBHOOK_SECRET;
// It takes the secret as base64, with or without whsec_; one that is plain text is given as it is by this option.
const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(Buffer.from(secret), { format: 'raw' });

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  let event;
  try {
    event = webhook.verify(body, request.headers);
  } catch {
    return response.writeHead(401).end();
  }
  response.writeHead(204).end();
  console.log(`handled ${request.headers['webhook-id']} ${event.event_type}`);
});
server.listen(Number(process.env.PORT ?? 4000), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
