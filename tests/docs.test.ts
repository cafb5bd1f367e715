// The documents that are made of the code's tables say what the code says.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { createProgram, runProgram } from '@posthorn/cli';
import { signatureHeader } from '@posthorn/core';
import { commerce, type Dialect, flat } from '@posthorn/dialects';
import { makeTemporaryDirectory } from '@posthorn/testkit';

const { documents } = (await import(new URL('../docs/generate.mjs', import.meta.url).href)) as { documents: Record<string, string> };

it.each(Object.keys(documents))('%s is as `npm run docs` writes it', (name) => {
  expect(readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8')).toBe(documents[name]);
});

const encryptionKey = readFileSync(new URL('../docs/encryption-key.md', import.meta.url), 'utf8');
const doctor = readFileSync(new URL('../docs/doctor.md', import.meta.url), 'utf8');
const scaling = readFileSync(new URL('../docs/scaling.md', import.meta.url), 'utf8');

it.each<[string, string, number]>([
  ['moving-in.md', documents['moving-in.md'] ?? '', 9],
  ['encryption-key.md', encryptionKey, 2],
  ['scaling.md', scaling, 3],
  ['doctor.md', doctor, 2],
])('%s names commands and options that there are', async (_, text, commandsMin) => {
  const commands = [...new Set(text.match(/npx posthorn [^`\n]+/g))];
  expect(commands.length).toBeGreaterThanOrEqual(commandsMin);
  for (const command of commands) {
    const words = command.split(' ').slice(2);
    const end = words.findIndex((word) => !/^[a-z-]+$/.test(word) || word.startsWith('--'));
    const path = end === -1 ? words : words.slice(0, end);
    let help = '';
    const print = (text: string): void => {
      help += text;
    };
    await runProgram(createProgram({ print, warn: print }), [...path, '--help'], { print, warn: print });
    expect(help).toContain(`Usage: posthorn ${path.join(' ')} `);
    for (const option of words.filter((word) => word.startsWith('--')))
      expect([command, help]).toEqual([command, expect.stringContaining(option)]);
  }
});

const resource = { type: 'webhooks', attributes: { topic: '*', callback_url: 'https://receiver.example/' } };
const rules = { isNew: true, role: 'admin', boundTenant: null, environmentId: 'e', before: null, random: Buffer.alloc(16, 7) } as const;
const newOnes: readonly (readonly [string, Dialect, unknown])[] = [
  ['001', commerce, { data: resource }],
  ['004', flat, { target_url: 'https://receiver.example/' }],
];

it.each(newOnes)('moving-in.md computes the signature that webhooks of dialect %s send', async (name, dialect, made) => {
  const script = new RegExp(`<!-- test: signature ${name} -->\n\`\`\`sh\n(.*?)\n\`\`\``, 's').exec(documents['moving-in.md'] ?? '')?.[1];
  const reading = dialect.read(made, rules);
  if (script === undefined || !reading.ok) throw new Error('there is no such script, or no such webhook');
  const { signature_header: template, secret } = reading.webhook as {
    signature_header: Parameters<typeof signatureHeader>[0];
    secret: string;
  };
  const body = '{ "data":{"n":12345678901234567890,"t":"ü\u0000"}}';
  const folder = await makeTemporaryDirectory('moving-in');
  writeFileSync(join(folder.path, 'body.json'), body);
  const said = execFileSync('bash', ['-c', script], { cwd: folder.path, env: { ...process.env, SECRET: secret }, encoding: 'utf8' });
  expect(said.trim()).toBe(signatureHeader(template, secret, body)[1]);
  await folder.cleanup();
});
