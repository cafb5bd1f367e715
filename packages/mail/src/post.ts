// Hands mails to the mail server and says what became of each. It tries once: when to try again, and whether, is its caller's.
import type { Letter } from '@posthorn/core';
import { createTransport } from 'nodemailer';
import { readMailServer } from './mail-server.js';
import { plain } from './plain.js';

/** @param id makes the Message-ID, so that a mail that is sent again can be known as the same */
export type Mail = Letter & { readonly id: string; readonly address: string };

/**
 * sent: the server has taken it, and answers for it from now on.
 * refused: it will not take this mail for this address, today or tomorrow.
 * later: it could not be reached, was not ready, or did not answer; it may have the mail all the same.
 */
export type Sent = { readonly kind: 'sent' } | { readonly kind: 'refused' | 'later'; readonly error: string };

export type PostLimits = {
  readonly connectMs: number;
  readonly greetingMs: number;
  /** Without a byte. */
  readonly idleMs: number;
  /** From `send` to its result, whatever the server does. */
  readonly sendMs: number;
  readonly connectionsMax: number;
  /** Of the server's words. */
  readonly errorCharsMax: number;
};

export const defaultPostLimits: PostLimits = {
  connectMs: 10_000,
  greetingMs: 10_000,
  idleMs: 20_000,
  sendMs: 45_000,
  connectionsMax: 2,
  errorCharsMax: 300,
};

/** How long a connection that nobody needs stays open. */
const unusedMs = 30_000;

/** @param from `name <address>` or an address */
export type PostOptions = { readonly smtpUrl: string; readonly from: string; readonly limits?: Partial<PostLimits> };

export type Post = {
  /** Never rejects. */
  send(mail: Mail): Promise<Sent>;
  /** Connects and logs in, and sends nothing. What went wrong, in words; null: nothing. Never rejects. */
  tryOut(): Promise<string | null>;
  /** Ends the connections; what is being sent is to be sent later. */
  close(): void;
};

const addressPattern = /^[^\s\p{Cc}<>()[\]:;,\\"@]+@[^\s\p{Cc}<>()[\]:;,\\"@]+$/u;
const addressCharsMax = 254;

/** A TypeError if `smtpUrl` is none. Opens no connection before the first mail. */
export const createPost = ({ smtpUrl, from, limits: given = {} }: PostOptions): Post => {
  const limits: PostLimits = { ...defaultPostLimits, ...given };
  const { name, port, auth, ...server } = readMailServer(smtpUrl);
  const noAccess = { disableFileAccess: true, disableUrlAccess: true } as const;
  const transport = createTransport({
    ...server,
    ...noAccess,
    ...(name === undefined ? {} : { name }),
    ...(port === undefined ? {} : { port }),
    ...(auth === undefined ? {} : { auth }),
    pool: true,
    maxConnections: limits.connectionsMax,
    // A connection that ends under a mail may have delivered it: the caller decides, not the pool.
    maxRequeues: 0,
    idleTimeout: unusedMs,
    dnsTimeout: limits.connectMs,
    connectionTimeout: limits.connectMs,
    greetingTimeout: limits.greetingMs,
    socketTimeout: limits.idleMs,
    socketCloseTimeout: 0,
    logger: false,
  });
  const domain = /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';

  const send = async ({ id, address, subject, text, html, headers }: Mail): Promise<Sent> => {
    if (address.length > addressCharsMax || !addressPattern.test(address)) return { kind: 'refused', error: 'the address is none' };
    const deadline = AbortSignal.timeout(limits.sendMs);
    try {
      await transport.sendMail({
        ...noAccess,
        from,
        // As an object it is one address, whatever stands in it.
        to: { name: '', address },
        messageId: `<${id}@posthorn.${domain}>`,
        subject,
        text,
        html,
        headers: { ...headers, 'Auto-Submitted': 'auto-generated' },
        xMailer: false,
        signal: deadline,
      });
      return { kind: 'sent' };
    } catch (error) {
      const { kind, words } = judge(error as SendError);
      const late = `no answer within ${limits.sendMs} ms`;
      return { kind, error: plain(deadline.aborted ? late : words, limits.errorCharsMax) };
    }
  };
  const tryOut = async (): Promise<string | null> => {
    const deadline = AbortSignal.timeout(limits.sendMs);
    const late = new Promise<never>((_, reject) => {
      deadline.addEventListener('abort', () => reject(new Error(`no answer within ${limits.sendMs} ms`)), { once: true });
    });
    try {
      await Promise.race([transport.verify(), late]);
      return null;
    } catch (error) {
      return plain(judge(error as SendError).words, limits.errorCharsMax);
    }
  };
  return { send, tryOut, close: () => transport.close({ force: true }) };
};

/** As the mail library makes them. */
type SendError = Error & { readonly code?: string; readonly command?: string; readonly responseCode?: number; readonly response?: string };

/**
 * A 5xx to the recipient or to the mail is final. One to anything before (the greeting, the login, the sender) is about how we are set up, and somebody may
 * put that right; until then mails wait. What is no mail at all for the library never will be one.
 */
function judge({ code, command = '', responseCode = 0, response, message }: SendError): { kind: 'refused' | 'later'; words: string } {
  const isFinal = responseCode >= 500 && responseCode < 600 && /^(?:RCPT TO|DATA)$/.test(command);
  const isNoMail = responseCode === 0 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  return { kind: isFinal || isNoMail ? 'refused' : 'later', words: response ?? message };
}
