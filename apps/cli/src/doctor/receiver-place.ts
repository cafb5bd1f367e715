// Where the receiver of the round trip listens, and the URL by which the workers reach it: on one machine these are the same, between containers they are not.
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { CommandError } from '../exit-codes.js';

/** `port` 0: a free one. */
export type ListenAddress = { readonly host: string; readonly port: number };

export type ReceiverPlace = {
  readonly listen: ListenAddress;
  /** Without a slash at its end; null: as it listens. */
  readonly url: string | null;
};

const portMax = 65_535;
const loopback = '127.0.0.1';
const everywhere = '0.0.0.0';
const isEverywhere = (host: string): boolean => host === everywhere || host === '::';
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);
const unbracketed = (host: string): string => host.replace(/^\[|\]$/g, '');

/** A commander parser for `port`, `host:port` or `[host]:port`. */
export const listenAddress = (text: string): ListenAddress => {
  const [, host = '', digits = ''] = /^(?:(\[[0-9a-f:.]+\]|[^:[\]/@\s]+):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > portMax) throw new InvalidArgumentError('An address to listen on is expected, as 0.0.0.0:4999 or [::]:4999.');
  return { host: host === '' ? loopback : unbracketed(host), port };
};

/** A commander parser for the URL of a receiver; returns it without a slash at its end. */
export const receiverUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && [url.username, url.password, url.search, url.hash].every((part) => part === '');
  if (url === null || !isPlain || !/^https?:$/.test(url.protocol))
    throw new InvalidArgumentError('A URL is expected, as http://doctor:4999, without a user, a query or a fragment.');
  return url.href.replace(/\/+$/, '');
};

/** Where it listens by these options. @throws CommandError (usage) where one option is not enough */
export const receiverPlace = (listen: ListenAddress | undefined, url: string | undefined): ReceiverPlace => {
  if (url === undefined) {
    const place = listen ?? { host: loopback, port: 0 };
    if (isEverywhere(place.host))
      throw new CommandError(
        'usage',
        `--listen ${place.host} is no address that can be called: name with --receiver the URL by which workers reach it`,
      );
    return { listen: place, url: null };
  }
  if (listen !== undefined) return { listen, url };
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'https:')
    throw new CommandError('usage', '--receiver with https needs --listen: where the requests arrive in clear, behind what ends TLS');
  return {
    listen: { host: isLoopback(unbracketed(hostname)) ? unbracketed(hostname) : everywhere, port: port === '' ? 80 : Number(port) },
    url,
  };
};

/** The URL of the webhook, of a receiver that listens on this port. */
export const webhookUrlOf = ({ listen: { host }, url }: ReceiverPlace, port: number, path: string): string =>
  `${url ?? `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`}${path}`;
