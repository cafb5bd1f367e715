// Mails: how they are written, and how they are sent.
export { writeDigest } from './digest.js';
export type { Digest, DigestOfWebhook, NamedWebhook, Trouble } from './letter.js';
export { createPost, defaultPostLimits, type Mail, type Post, type PostLimits, type PostOptions, type Sent } from './post.js';
export { writeTrouble } from './trouble.js';
