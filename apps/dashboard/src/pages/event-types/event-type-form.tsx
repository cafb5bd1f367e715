// The form of an event type, for a new one and for changes.
import { Button, Group, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { EditingForm } from '../../shared/editing-form.js';
import { jsonFault, jsonOf, jsonText } from '../../shared/json-text.js';
import type { EventTypeValues } from './event-type-values.js';

/** It is kept as it is typed. */
const rawText = {
  spellCheck: false,
  autoCorrect: 'off',
  styles: { input: { fontFamily: 'var(--mantine-font-family-monospace)' } },
} as const;

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
      <Textarea
        label="JSON Schema of the data"
        description="Draft 2020-12, or draft-07 if its $schema says so. Empty: any data fits."
        placeholder='{"type": "object", "required": ["id"]}'
        autosize
        minRows={6}
        maxRows={24}
        {...rawText}
        {...form.getInputProps('schema')}
      />
      <Textarea
        label="Example of the data"
        description="It must fit the schema."
        placeholder='{"id": 7}'
        autosize
        minRows={4}
        maxRows={24}
        {...rawText}
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
