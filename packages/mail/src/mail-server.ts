// What an SMTP_URL says. Nothing else of it reaches the mail library, so that no setting of an URL undoes a limit of ours.

export type MailServer = {
  readonly host: string;
  /** Undefined: that of the scheme. */
  readonly port: number | undefined;
  /** TLS from the first byte; else it is used if the server offers it. */
  readonly secure: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | undefined;
  /** `?requireTLS=true`: no mail without TLS. `?ignoreTLS=true`: none even if it is offered. */
  readonly requireTLS: boolean;
  readonly ignoreTLS: boolean;
  /** `?tls.rejectUnauthorized=false`: any certificate will do. `?tls.servername=`: the name that it must be of. */
  readonly tls: { readonly rejectUnauthorized: boolean; readonly servername?: string };
  /** `?name=`: how we greet. */
  readonly name: string | undefined;
};

/** Reads `smtp://user:password@host:port` or `smtps:`. A TypeError, which says nothing of the text, for anything else. */
export const readMailServer = (text: string): MailServer => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') throw new TypeError('SMTP_URL is no smtp:// or smtps:// URL');
  const { searchParams: query } = url;
  const servername = query.get('tls.servername');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? undefined : Number(url.port),
    secure: url.protocol === 'smtps:',
    auth: url.username === '' && url.password === '' ? undefined : { user: decoded(url.username), pass: decoded(url.password) },
    requireTLS: query.get('requireTLS') === 'true',
    ignoreTLS: query.get('ignoreTLS') === 'true',
    tls: { rejectUnauthorized: query.get('tls.rejectUnauthorized') !== 'false', ...(servername === null ? {} : { servername }) },
    name: query.get('name') ?? undefined,
  };
};

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('the user or password in SMTP_URL is not percent-encoded');
  }
}
