// The OpenAPI document knows every route and says of each who may call it and what it answers with.
import { afterAll, describe, expect, it } from '@jest/globals';
import { problems } from '@posthorn/core';
import { type Permission, rolesOf } from './access.js';
import { createApp } from './app.js';
import { type ErrorForm, problemForm } from './errors.js';
import { documentOf } from './openapi.js';
import { createOpenapiDocument } from './openapi-document.js';
import { registerRoutes } from './routes.js';

type Answer = { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> };
type Operation = {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly 'x-roles'?: readonly string[];
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly description?: string }[];
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<Record<string, Answer>>;
};
type Registered = {
  readonly route: string;
  readonly permission: Permission | 'public';
  readonly isHidden: boolean;
  readonly errorForm: Pick<ErrorForm, 'mediaType' | 'schema'>;
};

const registered: Registered[] = [];
const app = await createApp({ access: { require: () => Promise.reject(new Error('nobody calls')) }, onInternal: () => undefined });
app.addHook('onRoute', ({ method, url, config, schema }) => {
  const path = url.replace(/:(\w+)/g, '{$1}');
  for (const each of [method].flat()) {
    const { hide = false } = (schema ?? {}) as { readonly hide?: boolean };
    const { permission = 'public', errorForm = problemForm } = config ?? {};
    if (each !== 'HEAD') registered.push({ route: `${each} ${path}`, permission, isHidden: hide, errorForm });
  }
});
await registerRoutes(app, {
  health: {} as never,
  publish: {} as never,
  stream: {} as never,
  deployment: {} as never,
  webhooks: {} as never,
});
await app.ready();
afterAll(() => app.close());
const document = documentOf(app) as unknown as {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly description?: string; readonly properties?: object }>> };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
);
const operationOf = (route: string): Operation | undefined => operations.find((each) => each.route === route)?.operation;

/** The contract's routes (`/openapi.json` and `/docs` are what shows them). */
const contract: readonly string[] = [
  ...['POST', 'GET'].map((method) => `${method} /v1/webhooks`),
  ...['GET', 'PATCH', 'DELETE'].map((method) => `${method} /v1/webhooks/{id}`),
  ...['enable', 'disable', 'pause', 'resume', 'reset-circuit', 'rotate-secret', 'test', 'recover'].map(
    (action) => `POST /v1/webhooks/{id}/${action}`,
  ),
  ...['secret', 'versions', 'timeline', 'deliveries', 'attempts', 'stats'].map((what) => `GET /v1/webhooks/{id}/${what}`),
  ...['GET /v1/webhooks/{id}/versions/{version}', 'POST /v1/webhooks/{id}/versions/{version}/restore'],
  ...['POST /v1/events', 'POST /v1/events/batch', 'GET /v1/events', 'GET /v1/events/{id}', 'GET /v1/events/{id}/deliveries'],
  ...['GET /v1/events/{id}/explain', 'DELETE /v1/events/{id}', 'POST /v1/explain'],
  ...['GET /v1/deliveries', 'GET /v1/deliveries/{id}', 'POST /v1/deliveries/{id}/retry', 'POST /v1/deliveries/{id}/cancel'],
  ...['POST /v1/replays', 'GET /v1/replays', 'GET /v1/replays/{id}', 'POST /v1/replays/{id}/cancel'],
  ...['GET /v1/event-types', 'POST /v1/event-types'],
  ...['GET', 'PATCH', 'DELETE'].map((method) => `${method} /v1/event-types/{name}`),
  ...['GET /v1/tenants', 'POST /v1/tenants'],
  ...['GET', 'PATCH', 'DELETE'].map((method) => `${method} /v1/tenants/{tenant}`),
  ...['GET /v1/environments', 'POST /v1/environments', 'GET /v1/environments/{id}', 'PATCH /v1/environments/{id}'],
  ...['GET /v1/api-keys', 'POST /v1/api-keys', 'GET /v1/api-keys/{id}', 'DELETE /v1/api-keys/{id}'],
  ...['GET /v1/audit', 'GET /v1/notifications', 'GET /healthz', 'GET /readyz', 'GET /metrics'],
];

const webhookMembers =
  'id object_id environment_id mode tenant name code description url event_types context project_flows filter include_resources ' +
  'notification_type payload_format authentication headers signature_header status is_active disabled_at disabled_reason paused_at ' +
  'circuit_state circuit_failure_count circuit_opened_at circuit_retry_at disables_at circuit_threshold circuit_recovery retry_schedule_s rate_limit ' +
  'max_in_flight timeout_ms notification notified statistics reference reference_origin metadata version created_at updated_at';

describe('the document', () => {
  it('has every route that is registered, and no other', () => {
    const shown = registered.filter(({ isHidden }) => !isHidden).map(({ route }) => route);
    expect(operations.map(({ route }) => route).sort()).toEqual(shown.sort());
  });

  it('leaves out nothing but itself and pages', () => {
    const hidden = registered.filter(({ isHidden }) => isHidden);
    for (const { route, permission } of hidden) {
      expect(route).toMatch(/^(GET \/(openapi\.json|docs(\/.*)?)|(GET|POST) \/unsubscribe\/\{token\})$/);
      expect(permission).toBe('public');
    }
    expect(hidden.length).toBeGreaterThan(0);
  });

  it.each(contract)('has %s', (route) => {
    expect(operationOf(route)).toBeDefined();
  });

  it('is the same for every process, whatever it is made from', async () => {
    expect(JSON.stringify(await createOpenapiDocument())).toBe(JSON.stringify(document));
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has the webhook of the contract, member by member', () => {
    expect(Object.keys(document.components.schemas.Webhook?.properties ?? {}).join(' ')).toBe(webhookMembers);
  });

  it('describes all of its schemas', () => {
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect([name, typeof schema.description]).toEqual([name, 'string']);
      expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
    }
  });
});

describe.each(operations)('$route', ({ route, operation }) => {
  const { permission = 'public', errorForm = problemForm } = registered.find((each) => each.route === route) ?? {};

  it('has a name, a tag and a short summary', () => {
    expect(operation.operationId).toMatch(/^[a-z]+([A-Z][a-z]+)+$/);
    expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining([...(operation.tags ?? [])]));
    expect(operation.tags).toHaveLength(1);
    expect(operation.summary?.length ?? 0).toBeGreaterThan(0);
    expect(operation.summary?.length ?? 0).toBeLessThanOrEqual(60);
  });

  it('says who may call it', () => {
    if (permission === 'public') {
      expect(operation).toMatchObject({ security: [] });
      return;
    }
    expect(operation).toMatchObject({ security: [{ bearer: [] }], 'x-roles': rolesOf(permission) });
    for (const status of ['400', '401', '403', '503'])
      expect(operation.responses[status]?.content).toEqual({
        [errorForm.mediaType]: { schema: { $ref: `#/components/schemas/${errorForm.schema}` } },
      });
  });

  it('says what it answers with', () => {
    const statuses = Object.keys(operation.responses);
    const good = statuses.filter((status) => status < '300');
    expect(good.length).toBeGreaterThan(0);
    for (const status of good) {
      const { description, content } = operation.responses[status] as Answer;
      expect(description).not.toBe('Default Response');
      expect(content === undefined).toBe(status === '204');
    }
    const known = new Set(Object.values(problems).map(({ status }) => String(status)));
    for (const status of statuses.filter((each) => each >= '400')) expect([status, known.has(status)]).toEqual([status, true]);
    if (!route.startsWith('GET ')) for (const status of ['413', '415', '422']) expect(operation.responses[status]).toBeDefined();
  });

  it('describes what stands in its path', () => {
    const named = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const described = (operation.parameters ?? []).filter(({ in: place }) => place === 'path');
    expect(described.map(({ name }) => name)).toEqual(named);
    for (const { description } of described) expect(description?.length ?? 0).toBeGreaterThan(0);
    if (named.length > 0) expect(operation.responses['404']).toBeDefined();
  });
});
