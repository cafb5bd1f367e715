// What the form of an event type holds, and what of it is sent.
import type { EventTypeWithTexts } from '../../api/admin-queries.js';
import { indented, objectText } from '../../api/raw-json.js';

export type EventTypeValues = { readonly name: string; readonly description: string; readonly schema: string; readonly example: string };

export const emptyEventType: EventTypeValues = { name: '', description: '', schema: '', example: '' };
export const valuesOf = ({ name, description, schema, example }: EventTypeWithTexts): EventTypeValues => ({
  name,
  description: description ?? '',
  schema: schema === null ? '' : indented(schema),
  example: example === null ? '' : indented(example),
});

const orNull = (text: string): string => (text.trim() === '' ? 'null' : text);

/** The JSON text of what differs from `before`: numbers stand in it as they were typed. Null: nothing does. @param name of a new one */
export const bodyOf = (values: EventTypeValues, before: EventTypeValues, name?: string): string | null => {
  const { description, schema, example } = values;
  const changed = {
    name: name === undefined ? undefined : JSON.stringify(name),
    description: description === before.description ? undefined : JSON.stringify(description.trim() === '' ? null : description),
    schema: schema === before.schema ? undefined : orNull(schema),
    example: example === before.example ? undefined : orNull(example),
  };
  return Object.values(changed).every((text) => text === undefined) ? null : objectText(changed);
};
