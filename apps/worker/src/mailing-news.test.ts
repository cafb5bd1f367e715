import { describe, expect, it } from '@jest/globals';
import { readUnsubscribeToken } from '@posthorn/core';
import { withoutAddresses } from './mailing.js';
import { createLetters, shownUrl } from './mailing-news.js';

const id = '0190a000-0000-7000-8000-000000000001';
const encryptionKey = Buffer.alloc(32, 7);
const at = new Date('2026-01-02T03:04:05Z');

describe('a letter', () => {
  it('shows no query, user or password of a URL', () => {
    expect(shownUrl('https://user:pass@example.com:8443/a/b?token=1#x')).toBe('https://example.com:8443/a/b');
    expect(shownUrl('not a url?token=1')).toBe('');
  });

  it('about one webhook has its signed link, in the text and for one click', () => {
    const letters = createLetters({ publicUrl: 'https://hooks.example.com', linkKey: () => encryptionKey });
    const webhook = { id, name: 'Orders', url: 'https://example.com/in?token=secret', tenant: 'acme' };
    const fact = { kind: 'circuit_opened', count: 1, firstAt: at, lastAt: at, details: { webhook_id: id } } as const;
    const letter = letters.trouble({ environment: 'test', webhooks: [{ webhook, facts: [fact] }], more: 0 });
    const link = /https:\/\/hooks\.example\.com\/unsubscribe\/([\w.-]+)/.exec(letter.text);
    expect(readUnsubscribeToken([encryptionKey], link?.[1] ?? '')).toBe(id);
    expect(letter.headers['List-Unsubscribe']).toContain(link![0]);
    expect(JSON.stringify(letter)).not.toContain('secret');
  });
});

it('a log line has the words of a mail server without addresses', () => {
  expect(withoutAddresses('550 5.1.1 <bob@example.com>: no such user, ask root@example.com')).toBe('550 5.1.1 <…>: no such user, ask …');
});
