// Content becomes a letter: the same in text and in HTML.
import type { Letter } from '@posthorn/core';
import { type Content, unsubscribeHeaders } from './content.js';
import type { NamedWebhook } from './letter.js';
import { asHtml } from './render-html.js';
import { asText } from './render-text.js';

/** @param webhooks that it tells of by name @param more how many beyond these */
export const write = (content: Content, webhooks: readonly NamedWebhook[], more: number): Letter => ({
  subject: content.title,
  text: asText(content),
  html: asHtml(content),
  headers: unsubscribeHeaders(webhooks, more),
});
