// What the API would hold of a webhook that a dialect has read: for tests of what is read back.
import type { Dialect, Reading, ReadRules, ShownWebhook } from '../src/dialect.js';

export const newRules: ReadRules = {
  isNew: true,
  role: 'admin',
  boundTenant: null,
  environmentId: '05daecaf-4365-42e8-8370-8127de5dd717',
  before: null,
  random: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
};

const emptyWebhook: ShownWebhook = {
  id: '019a0000-0000-7000-8000-000000000001',
  object_id: '62685990d918fb5557f9f992',
  environment_id: newRules.environmentId,
  mode: 'test',
  tenant: 'default',
  name: null,
  code: null,
  description: null,
  url: '',
  event_types: [],
  context: {},
  project_flows: [],
  include_resources: [],
  is_active: true,
  disabled_at: null,
  circuit_state: 'closed',
  circuit_failure_count: 0,
  notification: { email: null, success: false, fail: true },
  statistics: { succeeded: 0, failed: 0, last_attempt_at: null },
  reference: null,
  reference_origin: null,
  metadata: {},
  version: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  kept: null,
};

/** The reading that must have succeeded. */
export const right = (reading: Reading): Extract<Reading, { readonly ok: true }> => {
  if (!reading.ok) throw new Error(JSON.stringify(reading.errors));
  return reading;
};

/** The webhook after the reading was written, over `before` if it is a change. */
export const stored = (reading: Reading, before: ShownWebhook | null = null): ShownWebhook => {
  const { webhook, kept } = right(reading);
  const base = before ?? emptyWebhook;
  const isActive = webhook.is_active ?? base.is_active;
  const notification = { ...base.notification, ...(webhook.notification as object | undefined) };
  return {
    ...base,
    ...(webhook as Partial<ShownWebhook>),
    notification,
    disabled_at: isActive === true ? null : (base.disabled_at ?? '2026-01-01T00:00:00.000Z'),
    kept: kept ?? base.kept,
    version: before === null ? 1 : before.version + 1,
  };
};

/** As an API at one origin shows it. */
export const shown = (dialect: Dialect, webhook: ShownWebhook, secret: string | null): unknown =>
  dialect.show(webhook, secret, 'https://hooks.example');
