// Who is signed in. What a role may not do is not offered; the API refuses it all the same.
import { queryOptions, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { keepToken, reach } from './client.js';
import { ApiProblem } from './problem.js';

export type Permission =
  | 'publish'
  | 'read_deliveries'
  | 'read_webhooks'
  | 'edit_webhooks'
  | 'operate_webhooks'
  | 'reset_circuit'
  | 'replay'
  | 'erase'
  | 'read_deployment'
  | 'administer';

export type Session = {
  /** The key that one signed in with. */
  readonly key_id: string;
  readonly role: 'admin' | 'operator' | 'publisher' | 'viewer' | 'channel';
  /** Null: of the whole environment. */
  readonly tenant: string | null;
  readonly environment: { readonly id: string; readonly name: string; readonly mode: 'live' | 'test' };
  readonly permissions: readonly Permission[];
  readonly csrf: string;
};

const path = `${location.origin}/console/session`;

const readSession = async (response: Response): Promise<Session> => {
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiProblem(response.status, body);
  const session = body as Session;
  keepToken(session.csrf);
  return session;
};

/** Null: nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    const response = await reach(new Request(path));
    return response.status === 401 ? null : readSession(response);
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** Begins a session; throws ApiProblem. The key goes no further than into this request. */
export const signIn = async (key: string): Promise<Session> =>
  readSession(
    await reach(new Request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ key }) })),
  );

/** Of pages that are shown to somebody who is signed in. */
export const useSession = (): Session => {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === null) throw new Error('this page is for people who are signed in');
  return data;
};

export const useMay = (): ((permission: Permission) => boolean) => {
  const { permissions } = useSession();
  return (permission) => permissions.includes(permission);
};

/** Ends the session and forgets everything that was read with it. */
export const useSignOut = (): (() => Promise<void>) => {
  const queries = useQueryClient();
  return async () => {
    const { csrf } = queries.getQueryData(sessionQuery.queryKey) ?? { csrf: '' };
    await reach(new Request(path, { method: 'DELETE', headers: { 'x-posthorn-csrf': csrf } }));
    queries.clear();
    queries.setQueryData(sessionQuery.queryKey, null);
  };
};
