// The body of `POST /v1/events`, put together as text: `data` and `context` go out as they were given, not written again.
import { checkJson, eventLimits } from '@posthorn/core';

export type Publication = {
  readonly eventType: string;
  /** JSON text. */
  readonly data: string;
  /** JSON text; null: not sent. */
  readonly context: string | null;
  readonly tenant: string | null;
  /** The producer's own id of the event. */
  readonly id: string | null;
};

/**
 * The body as JSON text. `data` and `context` must have passed `checkedJson`: they are put in without another look,
 * and text such as `1,"tenant":"x"` would become fields of the event.
 */
export function publicationBody(publication: Publication): string {
  const { eventType, data, context, tenant, id } = publication;
  return [
    `{"event_type":${JSON.stringify(eventType)}`,
    tenant === null ? '' : `,"tenant":${JSON.stringify(tenant)}`,
    id === null ? '' : `,"id":${JSON.stringify(id)}`,
    context === null ? '' : `,"current_context":${context}`,
    `,"data":${data}}`,
  ].join('');
}

/** Returns the text if it is one JSON value; else throws an Error that names the option and says why. */
export function checkedJson(text: string, option: string): string {
  // The event around it is one level of the nesting that the API allows.
  const depthMax = eventLimits.depthMax - 1;
  switch (checkJson(text, depthMax)) {
    case 'ok':
      return text;
    case 'depth':
      throw new Error(`${option} is nested deeper than ${depthMax} levels`);
    case 'syntax':
      throw new Error(`${option} is not JSON${reason(text)}`);
  }
}

function reason(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return `: ${(error as Error).message}`;
  }
}
