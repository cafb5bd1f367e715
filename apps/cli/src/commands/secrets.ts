// `posthorn secrets`: under which encryption key the secrets at rest are, and going from one key to another while everything runs.
import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';

const rotation = () => import('../server/key-rotation.js');

export function registerSecrets(program: Command, terminal: Terminal): void {
  const secrets = program.command('secrets').description('the encryption key that seals secrets at rest');
  secrets
    .command('status')
    .description('show how many secrets each encryption key has sealed, and which one seals (needs DATABASE_URL)')
    .action(async () => (await rotation()).showKeys(terminal));
  secrets
    .command('rotate')
    .description(
      'seal every secret anew with POSTHORN_ENCRYPTION_KEY_NEXT while everything runs; run it again if it was interrupted (needs DATABASE_URL)',
    )
    .action(async () => (await rotation()).rotateKey(terminal));
}
