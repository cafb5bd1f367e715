// Bodies that make a webhook in each dialect, in all their variety: for tests of what is read back.
import fc from 'fast-check';
import { compoundTriggers } from '../src/catalogue.js';
import { commerce } from '../src/commerce/dialect.js';
import { cot } from '../src/cot/dialect.js';
import type { Dialect } from '../src/dialect.js';
import { flat } from '../src/flat/dialect.js';
import { flow } from '../src/flow/dialect.js';

const text = fc.string({ minLength: 1 });
const eventType = fc.stringMatching(/^[a-z]+[.:][a-z]+$/);
const secret = fc.stringMatching(/^[!-~]{16,128}$/);
/** As it comes out of a file: there is no −0 in JSON. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const flowBodies = fc.record(
  {
    client: text,
    projectFlow: fc.array(text),
    isActive: fc.boolean(),
    name: text,
    url: text,
    description: fc.option(fc.string()),
    notification: fc.record({ email: fc.option(fc.string()), success: fc.boolean(), fail: fc.boolean() }, { requiredKeys: [] }),
    secret,
  },
  { requiredKeys: ['client', 'isActive', 'name', 'url'] },
);

const resources = fc.record(
  {
    name: fc.option(fc.string()),
    topic: fc.oneof(
      eventType,
      fc.constant('*'),
      fc.array(eventType, { minLength: 1 }).map((types) => types.join(', ')),
    ),
    callback_url: fc.webUrl(),
    include_resources: fc.option(fc.array(fc.string())),
    reference: fc.option(fc.string()),
    reference_origin: fc.option(fc.string()),
    metadata: fc.dictionary(eventType, fc.jsonValue().map(asJson)),
    _disable: fc.option(fc.boolean()),
    shared_secret: fc.option(secret),
  },
  { requiredKeys: ['topic', 'callback_url'] },
);

const cotBodies = fc.record(
  {
    company: text,
    isActive: fc.boolean(),
    trigger: fc.oneof(eventType, fc.constantFrom(...compoundTriggers.keys(), 'logout-user')),
    url: text,
    name: text,
    code: fc.option(text),
    context: fc.record({ survey: fc.string(), group: fc.string(), taskGroup: fc.option(fc.string()) }, { requiredKeys: [] }),
    description: fc.option(fc.string()),
    secret,
  },
  { requiredKeys: ['company', 'isActive', 'trigger', 'url', 'name'] },
);

const flatBodies = fc.record(
  { target_url: fc.webUrl(), is_active: fc.boolean(), event_types: fc.array(eventType), secret },
  { requiredKeys: ['target_url'] },
);

export const dialects: readonly { readonly dialect: Dialect; readonly bodies: fc.Arbitrary<unknown> }[] = [
  { dialect: flow, bodies: flowBodies },
  { dialect: commerce, bodies: resources.map((attributes) => ({ data: { type: 'webhooks', attributes, relationships: {} } })) },
  { dialect: cot, bodies: cotBodies },
  { dialect: flat, bodies: flatBodies },
];
