// `posthorn listen`: an endpoint for trying things out. It prints what arrives and whether its signature verifies.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@posthorn/client';
import type { Command } from 'commander';
import { type ApiOptions, addApiOptions, connectApi } from '../api-options.js';
import { oneLine } from '../failure.js';
import { listenForInterruption } from '../interruption.js';
import { type Listener, startListener } from '../listen/listener.js';
import { createSecretBook, fixedSecrets, type SecretBook } from '../listen/secret-book.js';
import type { KnownSecret } from '../listen/signature-verdict.js';
import { loadWebhookSecrets } from '../listen/webhook-secrets.js';
import { wholeNumber } from '../number-option.js';
import { printable, type Terminal } from '../terminal.js';

const defaultPort = 4000;

type ListenOptions = ApiOptions & {
  readonly path?: string;
  readonly secret?: string;
  readonly status: number;
  readonly exitAfter?: number;
};

export function registerListen(program: Command, terminal: Terminal): void {
  const command = program
    .command('listen')
    .description('print the deliveries that arrive on a port of 127.0.0.1, and whether their signatures verify')
    .argument('[port]', 'port to listen on', wholeNumber(1, 65535), defaultPort)
    .option('--path <path>', 'answer 404 to every other path')
    .option('--secret <secret>', 'secret to verify with (default: those of the webhooks that point to this port, from the API)')
    .option('--status <status>', 'status to answer, to see retries', wholeNumber(200, 599), 200)
    .option('--exit-after <n>', 'end after this many requests', wholeNumber(1, 1_000_000_000));
  addApiOptions(command).action((port: number, options: ListenOptions) => listen(port, options, terminal));
}

async function listen(port: number, options: ListenOptions, terminal: Terminal): Promise<void> {
  if (options.path !== undefined && !options.path.startsWith('/')) throw new Error('--path must begin with /');
  const interruption = listenForInterruption();
  let api: Client | null = null;
  let listener: Listener | null = null;
  try {
    api = options.secret === undefined ? await connectIfPossible(options, terminal) : null;
    listener = await startListener({
      port,
      path: options.path ?? null,
      status: options.status,
      exitAfter: options.exitAfter ?? null,
      secrets: api === null ? fixedSecrets(givenSecrets(options)) : bookOf(api, port, terminal),
      terminal,
      now: Date.now,
    });
    terminal.print(`listening on http://127.0.0.1:${port}${options.path ?? '/'}, answering ${options.status}; Ctrl-C ends it`);
    const { signal } = interruption;
    await Promise.race([listener.finished, signal.aborted ? null : once(signal, 'abort')]);
  } finally {
    await listener?.stop();
    interruption.dispose();
  }
}

/** Without a key the listener still prints what arrives: the reason is said once. */
async function connectIfPossible(options: ListenOptions, terminal: Terminal): Promise<Client | null> {
  try {
    return await connectApi(options);
  } catch (error) {
    terminal.warn(`signatures are not checked: ${printable(oneLine(error))}, or a secret with --secret`);
    return null;
  }
}

function givenSecrets({ secret }: ListenOptions): readonly KnownSecret[] {
  return secret === undefined ? [] : [{ webhook: null, secret }];
}

function bookOf(api: Client, port: number, terminal: Terminal): SecretBook {
  let told = '';
  return createSecretBook({
    load: () => loadWebhookSecrets(api, port),
    now: Date.now,
    wait: (ms) => delay(ms),
    failed: (error) => {
      // The same failure comes with every request: it is said when it changes.
      const line = printable(`the secrets could not be read: ${oneLine(error)}`);
      if (line !== told) terminal.warn(line);
      told = line;
    },
  });
}
