// The client that people of dialect 001 have, its requests sent to a product under test.
import { CommerceLayer, type CommerceLayerBundle } from '@commercelayer/sdk/bundle';
import type { Product } from './product.js';

/** What it takes an organization and a domain for. */
const theirOrigin = 'https://posthorn.example';

export const createCommerceClient = ({ api }: Product): CommerceLayerBundle =>
  CommerceLayer({
    organization: 'posthorn',
    domain: 'example',
    accessToken: 'the product has its own',
    fetch: async (input, init = {}) => {
      const url = String(input);
      if (!url.startsWith(`${theirOrigin}/`)) throw new Error(`the client asks for ${url}`);
      const { authorization: _, ...headers } = Object.fromEntries(new Headers(init.headers));
      const path = url.slice(theirOrigin.length);
      const { status, text } = await api.send(init.method as 'GET', path, init.body ?? undefined, headers);
      return new Response(status === 204 ? null : text, { status });
    },
  });
