// Addresses of servers: whether they are some, and how they may be shown.

const urlOf = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);

const isDecodable = ({ username, password }: URL): boolean => {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
};

/** A Postgres connection URL; its host may stand in the query, where a socket's folder is named. */
export const isPostgresUrl = (text: string): boolean => {
  const url = urlOf(text);
  return url !== null && /^postgres(ql)?:$/.test(url.protocol) && /^postgres(ql)?:\/\//i.test(text) && isDecodable(url);
};

const isRedisUrlOfOne = (text: string): boolean => {
  const url = urlOf(text);
  return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '' && /^\/?\d*$/.test(url.pathname) && isDecodable(url);
};
const isHostAndPort = (text: string): boolean => /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(text);

/** A Redis, or nodes of a Redis Cluster with commas between them; the first is a URL, the others may be host:port. */
export const isRedisUrl = (text: string): boolean => {
  const [first = '', ...others] = text.split(',').map((each) => each.trim());
  return isRedisUrlOfOne(first) && others.every((each) => isRedisUrlOfOne(each) || isHostAndPort(each));
};

const hidden = '***';
const secretName = /pass|secret|key|token|auth/i;

/** `//user:password@host` without the password; null: it cannot be told where that is. */
const redactedAuthority = (authority: string): string | null => {
  if (authority.includes('\\')) return null;
  const end = authority.lastIndexOf('@');
  const colon = authority.indexOf(':');
  return end < 0 || colon < 0 || colon > end ? authority : `${authority.slice(0, colon)}:${hidden}${authority.slice(end)}`;
};

const redactedParameter = (parameter: string): string => {
  const [name = '', ...value] = parameter.split('=');
  const isPlain = value.length === 0 ? parameter.length === 0 : /^\w+$/.test(name) && !secretName.test(name);
  return isPlain ? parameter : `${name}=${hidden}`;
};

const redactedOne = (text: string): string => {
  const {
    start,
    authority = '',
    path = '',
    query,
  } = /^(?<start>[a-z]+:\/\/)(?<authority>[^/?#]*)(?<path>[^?#]*)(?:\?(?<query>[^#]*))?/i.exec(text)?.groups ?? {};
  const shownAuthority = redactedAuthority(authority);
  // What is no URL may have its password anywhere, and so may a path with an @: a slash in a password is to be percent-encoded.
  if (start === undefined || shownAuthority === null || !URL.canParse(text) || path.includes('@')) return hidden;
  return `${start}${shownAuthority}${path}${query === undefined ? '' : `?${query.split('&').map(redactedParameter).join('&')}`}`;
};

/** The URL, or nodes of a cluster with commas between them, without passwords; `***` for what cannot be read. */
export const redactedUrl = (text: string): string => {
  // A password may hold a comma.
  if (urlOf(text)?.password.includes(',')) return redactedOne(text);
  const [first = '', ...others] = text.split(',').map((each) => each.trim());
  return [redactedOne(first), ...others.map((each) => (isHostAndPort(each) ? each : redactedOne(each)))].join(',');
};
