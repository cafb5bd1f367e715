// Somebody's mail server on a loopback port: it takes mails over SMTP as real ones do, parses and keeps them, and refuses what it is told to.
import type { AddressInfo, Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** What arrived. `from` and `to` are those of the envelope. */
export type ReceivedMail = { readonly to: string[]; readonly from: string; readonly parsed: ParsedMail };

/** What the client is told instead of a yes. Null: yes. */
export type MailAnswer = { readonly code: number; readonly message: string } | null;

export type MailServerOptions = {
  /** Asked once the whole mail is there; a promise that does not end is a server that hangs. Mails that are refused are not kept. */
  readonly answer?: (mail: ReceivedMail) => MailAnswer | Promise<MailAnswer>;
  /** Asked about each recipient, before there is a mail. */
  readonly answerRecipient?: (address: string) => MailAnswer;
  /** A free one if absent. */
  readonly port?: number;
  /** Makes it an `smtps:` server. PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Who may send; anybody if absent. */
  readonly login?: { readonly user: string; readonly password: string };
};

export type MailServer = {
  /** For SMTP_URL; with the login, if there is one. */
  readonly url: string;
  readonly port: number;
  /** The accepted ones, oldest first. */
  readonly mails: readonly ReceivedMail[];
  /** Connections so far. */
  connections(): number;
  /** Forgets the mails. */
  clear(): void;
  /** Ends the connections, too. */
  stop(): Promise<void>;
};

const refusal = ({ code, message }: NonNullable<MailAnswer>): Error => Object.assign(new Error(message), { responseCode: code });

/** Starts a mail server; its clients' errors are no concern of it. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { answer = () => null, answerRecipient = () => null, login, tls } = options;
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const server = new SMTPServer({
    ...(tls === undefined ? { hideSTARTTLS: true } : { ...tls, secure: true }),
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) =>
      username === login?.user && password === login?.password
        ? done(null, { user: username })
        : done(refusal({ code: 535, message: 'Who are you?' })),
    onRcptTo: ({ address }, _session, done) => {
      const no = answerRecipient(address);
      done(no === null ? null : refusal(no));
    },
    onData: (stream, { envelope }, done) => {
      const take = async (): Promise<void> => {
        const parsed = await simpleParser(stream);
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const mail = { to: envelope.rcptTo.map(({ address }) => address), from, parsed };
        const no = await answer(mail);
        if (no !== null) throw refusal(no);
        mails.push(mail);
      };
      take().then(() => done(), done);
    },
  });
  server.on('error', () => {});
  server.server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.server.address() as AddressInfo;
  const credentials = login === undefined ? '' : `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`;
  return {
    url: `${tls === undefined ? 'smtp' : 'smtps'}://${credentials}127.0.0.1:${port}`,
    port,
    mails,
    connections: () => connections,
    clear: () => {
      mails.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
