// What can be looked at without asking anybody: the configuration, the data directory, the keys that are kept in it, the console, the address guard.
import { randomBytes } from 'node:crypto';
import { access, constants, readFile, stat, statfs, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Config, type ExplainedConfig, unknownLine } from '@posthorn/config';
import { encryptionKeyId } from '@posthorn/db';
import { loopbackAllowValue } from '@posthorn/egress';
import { findConsole } from '../server/console-directory.js';
import { adminKeyFile, dataDirectoryOf, encryptionKeyFile } from '../server/data-directory.js';
import { type Check, type ErrorWords, ok, problem, warning } from './check.js';

const setLine = (count: number): string =>
  count === 0
    ? 'no variable is set: every one has its default'
    : `${count === 1 ? 'the variable' : `the ${count} variables`} that ${count === 1 ? 'is' : 'are'} set can be used`;

/** Every variable that is wrong is a problem, every name that is none of ours a warning. */
export const checkConfiguration = ({ variables, problems, unknown }: ExplainedConfig): readonly Check[] => [
  ...problems.map((each) => problem('configuration', `${each.variable} ${each.problem}`, each.fix)),
  ...unknown.map((each) => warning('configuration', unknownLine(each), `set ${each.nearest ?? 'another name'}, or take it away`)),
  ...(problems.length > 0 ? [] : [ok('configuration', setLine(variables.filter(({ from }) => from === 'set').length))]),
];

const freeBytesMin = 256 * 1024 * 1024;
const testBytes = 4_096;

const nearestFolder = async (path: string): Promise<string> => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return found === null ? nearestFolder(dirname(path)) : path;
};

/** Whether the data directory can be written, or made; a file is written into it and taken away again. */
export const checkDataDirectory = async (config: Config, words: ErrorWords): Promise<readonly Check[]> => {
  const name = 'data directory';
  const directory = dataDirectoryOf(config);
  const fix = `let the user of this process write ${directory}, or name another folder with POSTHORN_DATA_DIR`;
  try {
    const there = await nearestFolder(directory);
    if (!(await stat(there)).isDirectory()) return [problem(name, `${there} is no folder`, 'name another with POSTHORN_DATA_DIR')];
    await access(there, constants.W_OK | constants.X_OK);
    if (there === directory) {
      const file = join(directory, `doctor-${randomBytes(6).toString('hex')}`);
      try {
        await writeFile(file, Buffer.alloc(testBytes), { flag: 'wx', mode: 0o600 });
      } finally {
        await unlink(file).catch(() => undefined);
      }
    }
    const { bavail, bsize } = await statfs(there);
    const freeMiB = Math.floor((bavail * bsize) / 1024 / 1024);
    if (bavail * bsize < freeBytesMin) return [warning(name, `${freeMiB} MiB are free for ${directory}`, 'make room on that disk')];
    return [ok(name, there === directory ? `${directory} can be written` : `${directory} is not there yet, and can be made`)];
  } catch (error) {
    return [problem(name, `${directory} cannot be written: ${words(error)}`, fix)];
  }
};

/** Files with keys are their owner's alone. */
export const checkKeyFiles = async (config: Config): Promise<readonly Check[]> => {
  const directory = dataDirectoryOf(config);
  const found = await Promise.all(
    [adminKeyFile, encryptionKeyFile].map(async (file) => {
      const path = join(directory, file);
      const mode = await stat(path).then(
        (entry) => entry.mode,
        () => 0,
      );
      const isOpen = process.platform !== 'win32' && (mode & 0o077) !== 0;
      return isOpen ? [warning('key files', `${path} can be read by other users`, `chmod 600 ${path}`)] : [];
    }),
  );
  return found.flat();
};

/** The keys that seal, without making one; null: none is there yet. */
export const findSealingKeys = async (config: Config): Promise<readonly Buffer[] | null> => {
  const next = config.nextEncryptionKey === null ? [] : [config.nextEncryptionKey];
  if (config.encryptionKey !== null) return [config.encryptionKey, ...next];
  const path = join(dataDirectoryOf(config), encryptionKeyFile);
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return kept === null ? null : [Buffer.from(kept.trim(), 'base64'), ...next];
};

const keyBytes = 32;

/** Where the encryption key is from, by its public name. */
export const checkEncryptionKey = async (config: Config, words: ErrorWords): Promise<readonly Check[]> => {
  const name = 'encryption key';
  try {
    const keys = await findSealingKeys(config);
    if (keys === null) return [ok(name, 'the first start makes one and keeps it in the data directory')];
    if (keys.some((key) => key.length !== keyBytes))
      return [problem(name, `the kept key has not ${keyBytes} bytes`, 'bring the file encryption-key back from a backup')];
    const ids = keys.map((key) => encryptionKeyId(key)).join(' and ');
    if (config.encryptionKey === null) return [ok(name, `${ids}, kept in the data directory: it belongs into the backup`)];
    return [ok(name, `${ids}, from the environment`)];
  } catch (error) {
    return [problem(name, `the kept key cannot be read: ${words(error)}`, 'let the user of this process read it')];
  }
};

/** Whether the console was built. */
export const checkConsole = async (words: ErrorWords): Promise<readonly Check[]> => {
  const name = 'console';
  try {
    if (findConsole() !== null) return [ok(name, 'its files are there')];
    return [warning(name, 'its files are not there: the API is served without it', 'npm run build')];
  } catch (error) {
    return [warning(name, words(error), 'npm ci && npm run build')];
  }
};

const everywhere = /^(0\.0\.0\.0|::|\[::\])\/0/;
const loopback = /^(127\.|::1|\[::1\]|localhost)/;

/** Which addresses beside the public ones webhooks may point to. */
export const checkEgress = ({ egressAllow, production }: Config): readonly Check[] => {
  const name = 'address guard';
  const items = (egressAllow ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (egressAllow === undefined)
    return [
      ok(name, `webhooks may point to public addresses only (a local start on the embedded database lets ${loopbackAllowValue} through)`),
    ];
  if (items.length === 0) return [ok(name, 'webhooks may point to public addresses only')];
  const wide = items.filter((item) => everywhere.test(item));
  if (wide.length > 0)
    return [
      warning(
        name,
        `${wide.join(', ')} lets webhooks reach every machine of this network`,
        'name only what is meant in POSTHORN_EGRESS_ALLOW',
      ),
    ];
  const here = items.filter((item) => loopback.test(item));
  if (production && here.length > 0)
    return [
      warning(
        name,
        `${here.join(', ')} lets webhooks reach what runs on this machine`,
        'take it out of POSTHORN_EGRESS_ALLOW, or name its port',
      ),
    ];
  return [ok(name, `beside public addresses webhooks may point to ${items.join(', ')}`)];
};
