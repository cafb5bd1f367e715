// What the settings of mail may be: looked at when a process starts, so that nobody learns from a mail that never came that one was mistyped.
import { isIP } from 'node:net';

const addressCharsMax = 254;
const atom = /[a-z0-9!#$%&'*+/=?^_`{|}~-]+/i.source;
const label = /[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?/i.source;
const addressPattern = new RegExp(`^${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`, 'i');

/** One address that needs no quotes, `name@host`; the host may be one of the local network. */
export const isOneAddress = (text: string): boolean => text.length <= addressCharsMax && addressPattern.test(text);

/** `name <address>` or an address. The name holds nothing that means something in a header. */
export const isMailbox = (text: string): boolean => {
  const [, name = '', address] = /^([^<>]*?) *<([^<>]*)>$/.exec(text) ?? [];
  return isOneAddress(address ?? text) && !/[\p{Cc}",;:\\@()[\]]/u.test(name);
};

const urlOf = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);

export const isWebUrl = (text: string): boolean => /^https?:$/.test(urlOf(text)?.protocol ?? '');

/** `smtp:` or `smtps:` with a host, and a user and password that can be decoded. */
export const isMailServerUrl = (text: string): boolean => {
  const url = urlOf(text);
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return false;
  try {
    decodeURIComponent(url.username);
    decodeURIComponent(url.password);
    return true;
  } catch {
    return false;
  }
};

/** A host that is no name is none that mail can come from. */
export const defaultMailFrom = (publicUrl: string): string => {
  const host = urlOf(publicUrl)?.hostname ?? '';
  const address = `posthorn@${host}`;
  return `Posthorn <${isIP(host) === 0 && isOneAddress(address) ? address : 'posthorn@localhost'}>`;
};
