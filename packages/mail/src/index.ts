// Mails: how they are written, and how they are sent.
export type { Digest, DigestOfWebhook, Fact, Letter, NamedWebhook, Trouble } from './letter.js';
