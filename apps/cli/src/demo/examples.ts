// The real GitHub payloads of `@octokit/webhooks-examples`, as events to publish.
import { createRequire } from 'node:module';
import { isEventType } from '@posthorn/core';

/** What is published and must arrive again: `data` is JSON text. */
export type ExampleEvent = { readonly eventType: string; readonly data: string };

type ExampleGroup = { readonly name: string; readonly examples: readonly Readonly<Record<string, unknown>>[] };

/** All payloads in the package's order. Throws an Error if one has a name that is no event type. */
export function loadExamples(): readonly ExampleEvent[] {
  // The package is a JSON file with type declarations: `require` reads it on every supported Node without a flag.
  const groups = createRequire(import.meta.url)('@octokit/webhooks-examples') as readonly ExampleGroup[];
  return groups.flatMap(({ name, examples }) =>
    examples.map((payload) => ({ eventType: eventTypeOf(name, payload.action), data: JSON.stringify(payload) })),
  );
}

/** `check_run` with the action `completed` is `check_run.completed`. */
export function eventTypeOf(name: string, action: unknown): string {
  const eventType = typeof action === 'string' && action !== '' ? `${name}.${action}` : name;
  if (!isEventType(eventType)) throw new Error(`the example ${eventType} has a name that is no event type`);
  return eventType;
}
