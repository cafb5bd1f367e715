// The form of an event type, for a new one and for changes.
import { Button, Group, JsonInput, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { EventType } from '../../api/admin-queries.js';
import { EditingForm } from '../../shared/editing-form.js';
import { jsonFault, jsonOf, jsonText } from '../../shared/json-text.js';

export type EventTypeValues = { readonly name: string; readonly description: string; readonly schema: string; readonly example: string };

export const emptyEventType: EventTypeValues = { name: '', description: '', schema: '', example: '' };
export const valuesOf = ({ name, description, schema, example }: EventType): EventTypeValues => ({
  name,
  description: description ?? '',
  schema: jsonText(schema),
  example: jsonText(example),
});

/** What differs from `before`, as the API has it; what was not touched is not sent, so it stays as it is, digit for digit. */
export const bodyOf = (values: EventTypeValues, before: EventTypeValues) => ({
  ...(values.description !== before.description && { description: values.description.trim() === '' ? null : values.description }),
  ...(values.schema !== before.schema && { schema: jsonOf(values.schema) as Record<string, unknown> | null }),
  ...(values.example !== before.example && { example: jsonOf(values.example) }),
});

type Props = {
  readonly initial: EventTypeValues;
  readonly isNew: boolean;
  readonly onSubmit: (values: EventTypeValues) => Promise<void>;
  readonly onCancel: () => void;
};

export const EventTypeForm = ({ initial, isNew, onSubmit, onCancel }: Props) => {
  const form = useForm<EventTypeValues>({
    initialValues: initial,
    validate: {
      name: (text) => (text.trim() === '' ? 'An event type needs a name' : null),
      schema: (text) => jsonFault(text, true),
      example: (text) => jsonFault(text, false),
    },
  });
  return (
    <EditingForm
      form={form}
      verb={isNew ? 'Create' : 'Save'}
      unsaved={isNew ? 'The event type was not created.' : 'Your changes were not saved.'}
      onSubmit={onSubmit}
      onCancel={onCancel}
    >
      {isNew && (
        <TextInput
          label="Name"
          description="Words of letters, digits and _, joined by one of . : / -; it cannot be changed later."
          placeholder="order.placed"
          withAsterisk
          spellCheck={false}
          {...form.getInputProps('name')}
        />
      )}
      <Textarea
        label="Description"
        description="When it happens, for those who choose it."
        autosize
        minRows={2}
        {...form.getInputProps('description')}
      />
      <JsonInput
        label="JSON Schema of the data"
        description="Draft 2020-12, or draft-07 if its $schema says so. Empty: any data fits."
        placeholder='{"type": "object", "required": ["id"]}'
        autosize
        minRows={6}
        maxRows={24}
        formatOnBlur
        {...form.getInputProps('schema')}
      />
      <JsonInput
        label="Example of the data"
        description="It must fit the schema."
        placeholder='{"id": 7}'
        autosize
        minRows={4}
        maxRows={24}
        formatOnBlur
        {...form.getInputProps('example')}
      />
      {form.values.example.trim() !== '' && form.values.schema.trim() === '' && (
        <Group>
          <Button variant="default" size="xs" onClick={() => form.setFieldValue('schema', schemaFrom(form.values.example))}>
            Make a schema from the example
          </Button>
        </Group>
      )}
    </EditingForm>
  );
};

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

/** A first schema that the example fits; empty for what is no object. */
const schemaFrom = (example: string): string => {
  if (jsonFault(example, true) !== null) return '';
  const members = Object.entries(jsonOf(example) as object);
  return jsonText({
    type: 'object',
    required: members.map(([name]) => name),
    properties: Object.fromEntries(members.map(([name, value]) => [name, { type: typeOf(value) }])),
  });
};
