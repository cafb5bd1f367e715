// The form of a tenant, for a new one and for changes.
import { JsonInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { Tenant } from '../../api/admin-queries.js';
import { EditingForm } from '../../shared/editing-form.js';
import { jsonFault, jsonOf, jsonText } from '../../shared/json-text.js';

export type TenantValues = { readonly tenant: string; readonly name: string; readonly email: string; readonly metadata: string };

export const emptyTenant: TenantValues = { tenant: '', name: '', email: '', metadata: '' };
export const valuesOf = ({ tenant, name, email, metadata }: Tenant): TenantValues => ({
  tenant,
  name: name ?? '',
  email: email ?? '',
  metadata: Object.keys(metadata).length === 0 ? '' : jsonText(metadata),
});

type Members = Record<string, unknown>;
const membersOf = (text: string): Members => (jsonOf(text) ?? {}) as Members;
/** Members that are gone are to be named with null. */
const changedMembers = (before: string, after: string): Members => ({
  ...Object.fromEntries(Object.keys(membersOf(before)).map((name) => [name, null])),
  ...membersOf(after),
});
const textOrNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

/** What differs from `before`, as the API has it. */
export const bodyOf = (values: TenantValues, before: TenantValues) => ({
  ...(values.name !== before.name && { name: textOrNull(values.name) }),
  ...(values.email !== before.email && { email: textOrNull(values.email) }),
  ...(values.metadata !== before.metadata && { metadata: changedMembers(before.metadata, values.metadata) }),
});

type Props = {
  readonly initial: TenantValues;
  readonly isNew: boolean;
  readonly onSubmit: (values: TenantValues) => Promise<void>;
  readonly onCancel: () => void;
};

export const TenantForm = ({ initial, isNew, onSubmit, onCancel }: Props) => {
  const form = useForm<TenantValues>({
    initialValues: initial,
    validate: {
      tenant: (text) => (text.trim() === '' ? 'A tenant needs a key' : null),
      metadata: (text) => jsonFault(text, true),
    },
  });
  return (
    <EditingForm
      form={form}
      verb={isNew ? 'Create' : 'Save'}
      unsaved={isNew ? 'The tenant was not created.' : 'Your changes were not saved.'}
      onSubmit={onSubmit}
      onCancel={onCancel}
    >
      {isNew && (
        <TextInput
          label="Tenant"
          description="The key by which webhooks, events and keys mention it: letters, digits and _ . : -; it cannot be changed later."
          placeholder="acme"
          withAsterisk
          spellCheck={false}
          {...form.getInputProps('tenant')}
        />
      )}
      <TextInput label="Name" placeholder="Acme Ltd." {...form.getInputProps('name')} />
      <TextInput
        label="E-mail"
        description="Who is told about those of its webhooks that have no address of their own."
        type="email"
        autoComplete="off"
        {...form.getInputProps('email')}
      />
      <JsonInput label="Metadata" description="A JSON object" autosize minRows={3} formatOnBlur {...form.getInputProps('metadata')} />
    </EditingForm>
  );
};
