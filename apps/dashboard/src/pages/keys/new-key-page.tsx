// A new key: what it may do, and then the key itself, once.
import { Alert, Autocomplete, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { tenantNamesQuery } from '../../api/admin-queries.js';
import { api, type Schema, take } from '../../api/client.js';
import { Copyable } from '../../shared/copyable.js';
import { EditingForm } from '../../shared/editing-form.js';
import { PageHeader } from '../../shared/page-header.js';
import { TimeField } from '../../shared/time-field.js';
import { keyPath, keysPath } from '../tenants/paths.js';
import { expiries, expiryAt } from './expiry.js';
import { type Role, roles, roleWords } from './roles.js';

type Created = Schema<'CreatedApiKey'>;
type Values = { name: string; role: Role; tenant: string; expiry: string; expires_at: string | null };

export const NewKeyPage = () => {
  const [created, setCreated] = useState<Created | null>(null);
  if (created !== null) return <CreatedView created={created} />;
  return (
    <>
      <PageHeader title="Create key" />
      <NewKeyForm onCreated={setCreated} />
    </>
  );
};

const NewKeyForm = ({ onCreated }: { readonly onCreated: (created: Created) => void }) => {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data: tenants } = useQuery(tenantNamesQuery);
  const tenant = params.get('tenant') ?? '';
  const form = useForm<Values>({
    initialValues: { name: '', role: tenant === '' ? 'viewer' : 'channel', tenant, expiry: 'never', expires_at: null },
    validate: {
      tenant: (text, { role }) => (role === 'channel' && text.trim() === '' ? 'A key of role channel belongs to one tenant' : null),
      expires_at: (at, { expiry }) => (expiry === 'at' && at === null ? 'When does it end?' : null),
    },
  });
  const { values } = form;
  const create = async ({ name, role, tenant: whose, expiry, expires_at: at }: Values) => {
    const expiresAt = expiryAt(expiry, at, Date.now());
    const body = {
      role,
      ...(name.trim() !== '' && { name: name.trim() }),
      ...(whose.trim() !== '' && { tenant: whose.trim() }),
      ...(expiresAt !== null && { expires_at: expiresAt }),
    };
    onCreated(await take(api.POST('/v1/api-keys', { body })));
    await queries.invalidateQueries({ queryKey: ['api-keys'] });
  };
  return (
    <EditingForm form={form} verb="Create" unsaved="The key was not created." onSubmit={create} onCancel={() => navigate(keysPath)}>
      <TextInput label="Name" description="What it is for." placeholder="Shop, production" {...form.getInputProps('name')} />
      <Select label="Role" description={roleWords[values.role]} allowDeselect={false} data={roles} {...form.getInputProps('role')} />
      <Autocomplete
        label="Tenant"
        description={
          values.tenant.trim() === ''
            ? 'Empty: it reaches the whole environment.'
            : `It reaches ${values.tenant.trim()} alone, which is made if it is new.`
        }
        withAsterisk={values.role === 'channel'}
        data={tenants?.data.map((each) => each.tenant) ?? []}
        {...form.getInputProps('tenant')}
      />
      <Group align="flex-start">
        <Select label="Expires" allowDeselect={false} data={expiries} w={210} {...form.getInputProps('expiry')} />
        {values.expiry === 'at' && (
          <TimeField
            label="At"
            value={values.expires_at ?? undefined}
            onChange={(at) => form.setFieldValue('expires_at', at)}
            {...(typeof form.errors.expires_at === 'string' && { error: form.errors.expires_at })}
          />
        )}
      </Group>
      {values.expiry !== 'at' && form.errors.expires_at !== undefined && (
        <Text c="var(--mantine-color-error)">{form.errors.expires_at}</Text>
      )}
    </EditingForm>
  );
};

const CreatedView = ({ created }: { readonly created: Created }) => (
  <Stack maw={720}>
    <PageHeader title={`${created.name ?? 'The key'} was created`} />
    <Alert color="yellow" title="API key">
      <Stack gap="xs">
        <Text size="sm">
          Whoever has it may act as {created.role}
          {created.tenant === null ? '' : ` of ${created.tenant}`}. It is shown here this once; copy it to where it is needed.
        </Text>
        <Copyable value={created.key} label="key" />
      </Stack>
    </Alert>
    <Group>
      <Button component={Link} to={keysPath}>
        To the keys
      </Button>
      <Button component={Link} to={keyPath(created.id)} variant="default">
        To this key
      </Button>
    </Group>
  </Stack>
);
