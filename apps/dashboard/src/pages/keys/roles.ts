// What the roles of keys may do, in words.
import type { Schema } from '../../api/client.js';

export type Role = Schema<'ApiKey'>['role'];

export const roleWords: Readonly<Record<Role, string>> = {
  admin: 'Everything, also tenants, keys and settings.',
  operator: 'Reads all; pauses, enables, tests and resets webhooks, retries and replays deliveries.',
  publisher: 'Publishes events and reads what became of them.',
  viewer: 'Reads webhooks, events and deliveries; changes nothing.',
  channel: "One tenant's own: makes, changes and operates its webhooks.",
};

export const roles = Object.keys(roleWords) as Role[];
