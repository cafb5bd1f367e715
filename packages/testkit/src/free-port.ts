// A port of 127.0.0.1 on which nobody listens.
import getPort from 'get-port';

/** Somebody else may take the port before it is used: whoever starts a server on it should be ready to ask again. */
export function freePort(): Promise<number> {
  return getPort({ host: '127.0.0.1' });
}
