// What `posthorn start` prints: the address, where the key is, and three lines to paste.
import { defaultApiUrl } from '../api-address.js';

export type WelcomeFacts = {
  readonly host: string;
  readonly port: number;
  readonly keyFile: string;
  /** The admin key, if this start made it. */
  readonly madeKey: string | null;
};

const receiverPort = 4000;
const defaultKeyFile = '.posthorn/admin-key';

/** The terminal it is pasted into has none of this process's variables, so whatever is not the default is said aloud. */
const listenOptions = (url: string, keyFile: string): string =>
  `${url === defaultApiUrl ? '' : ` --url ${url}`}${keyFile === defaultKeyFile ? '' : ` --key "$(cat ${keyFile})"`}`;

export const welcome = ({ host, port, keyFile, madeKey }: WelcomeFacts): readonly string[] => {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const curl = `curl -sS ${url}`;
  const headers = `-H "authorization: Bearer $(cat ${keyFile})" -H 'content-type: application/json'`;
  return [
    `Posthorn is ready on ${url}`,
    madeKey === null ? `The admin key is in ${keyFile}` : `The admin key is ${madeKey} (kept in ${keyFile})`,
    '',
    'Paste these, the first into a terminal of its own:',
    `  npx posthorn listen ${receiverPort}${listenOptions(url, keyFile)}`,
    `  ${curl}/v1/webhooks ${headers} -d '{"url":"http://127.0.0.1:${receiverPort}/","event_types":["order.*"]}'`,
    `  ${curl}/v1/events ${headers} -d '{"event_type":"order.placed","data":{"id":1,"total":19.90}}'`,
    '',
  ];
};
