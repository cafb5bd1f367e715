// A client of dialect 004, written from what was recorded of the one that its users have: its URLs to the letter, its headers, its repeats, and what it
// takes for an error. There is no package of it to install.

const timeoutMs = 30_000;
const triesMax = 3;
const repeated: ReadonlySet<number> = new Set([408, 409, 425, 429, 502, 503, 504]);

export type FlatWebhook = {
  readonly id: string;
  readonly target_url: string;
  readonly is_active: boolean;
  readonly environment_id: string;
  readonly event_types: readonly string[];
  readonly created_at: string;
  readonly updated_at: string;
  /** In the answer that makes it alone. */
  readonly secret?: string;
};
export type FlatChanges = Partial<Pick<FlatWebhook, 'target_url' | 'is_active' | 'environment_id' | 'event_types' | 'secret'>>;
export type FlatPage = { readonly result: readonly FlatWebhook[]; readonly next_cursor: string | null };
export type FlatFilters = { readonly limit?: number; readonly is_active?: boolean; readonly environment_id?: string };

export type FlatClient = {
  list(filters?: FlatFilters): AsyncGenerator<FlatPage>;
  get(id: string): Promise<FlatWebhook>;
  create(webhook: FlatChanges): Promise<FlatWebhook>;
  update(id: string, changes: FlatChanges): Promise<FlatWebhook>;
  delete(id: string): Promise<unknown>;
  test(id: string): Promise<unknown>;
};

export type FlatClientOptions = {
  readonly token: string;
  /** `test` needs one that ends in `/`; then all others have two of them. */
  readonly baseUrl: string;
  /** Told of every request, repeats included. */
  readonly onRequest?: (request: string) => void;
};

/** Every call rejects with an Error whose message is the text of an answer other than 2xx. */
export const createFlatClient = ({ token, baseUrl, onRequest }: FlatClientOptions): FlatClient => {
  const send = async (method: string, url: string, body: unknown, tries = 1): Promise<unknown> => {
    onRequest?.(`${method} ${url.slice(baseUrl.length)}`);
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (repeated.has(response.status) && tries < triesMax) {
      await response.arrayBuffer();
      const afterS = Number(response.headers.get('retry-after') ?? 0);
      await new Promise((resolve) => setTimeout(resolve, afterS * 1_000));
      return send(method, url, body, tries + 1);
    }
    if (!response.ok) throw new Error(await response.text());
    if (response.status === 204) return {};
    const isJson = response.headers.get('content-type')?.includes('application/json') === true;
    return isJson ? response.json() : response.blob();
  };
  const call = <T>(method: string, path: string, query: Readonly<Record<string, unknown>>, body?: unknown): Promise<T> => {
    const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value ?? '')] as [string, string]));
    return send(method, `${baseUrl}/${path}?${parameters}`, body) as Promise<T>;
  };
  return {
    list: async function* ({ limit, is_active, environment_id } = {}) {
      let cursor: string | null = '';
      do {
        const page: FlatPage = await call('GET', 'webhook', { limit, next_cursor: cursor, is_active, environment_id });
        yield page;
        cursor = page.next_cursor;
      } while (cursor !== null);
    },
    get: (id) => call('GET', `webhook/${id}`, {}),
    create: (webhook) => call('POST', 'webhook', {}, webhook),
    update: (id, changes) => call('PATCH', `webhook/${id}`, {}, changes),
    delete: (id) => call('DELETE', `webhook/${id}`, {}),
    // Without the slash of the others.
    test: (id) => send('POST', `${baseUrl}webhook/test`, { id }),
  };
};
