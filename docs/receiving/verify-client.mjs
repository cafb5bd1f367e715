// A receiver in Node with @posthorn/client: node verify-client.mjs (PORT, WEBHOOK_SECRET; several secrets are parted by spaces)
import { verify } from '@posthorn/client';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const secrets = process.env.WEBHOOK_SECRET.split(' ');

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  const result = verify({ secret: secrets, headers: request.headers, body });
  if (!result.ok) return response.writeHead(401).end(result.code);
  response.writeHead(204).end();
  console.log(`handled ${result.id} ${JSON.parse(body.toString('utf8')).event_type}`);
});
server.listen(Number(process.env.PORT ?? 4000), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
