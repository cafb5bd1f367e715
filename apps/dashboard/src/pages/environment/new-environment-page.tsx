// Another environment, with events, webhooks, tenants and keys of its own; and then its first key, once.
import { Alert, Button, Group, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDocumentTitle } from '@mantine/hooks';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, type Schema, take } from '../../api/client.js';
import { Copyable } from '../../shared/copyable.js';
import { EditingForm } from '../../shared/editing-form.js';
import { Needs } from '../../shared/needs.js';

type Created = Schema<'CreatedEnvironment'>;
type Values = { readonly name: string; readonly mode: 'test' | 'live' };
const settingsPath = '/settings/environment';

export const NewEnvironmentPage = () => {
  useDocumentTitle('Create environment · Posthorn');
  const [created, setCreated] = useState<Created | null>(null);
  return (
    <Stack>
      <Title order={2}>{created === null ? 'Create environment' : `${created.name} was created`}</Title>
      <Needs permission="administer" what="create environments">
        {created === null ? <Creating onCreated={setCreated} /> : <CreatedView environment={created} />}
      </Needs>
    </Stack>
  );
};

const Creating = ({ onCreated }: { readonly onCreated: (environment: Created) => void }) => {
  const navigate = useNavigate();
  const form = useForm<Values>({
    initialValues: { name: '', mode: 'test' },
    validate: { name: (text) => (text.trim() === '' ? 'An environment needs a name' : null) },
  });
  const create = async ({ name, mode }: Values) =>
    onCreated(await take(api.POST('/v1/environments', { body: { name: name.trim(), mode } })));
  return (
    <EditingForm
      form={form}
      verb="Create"
      unsaved="The environment was not created."
      onSubmit={create}
      onCancel={() => void navigate(settingsPath)}
    >
      <Alert color="blue" title="What creating does">
        It begins empty and apart from this one: nothing that is published here is delivered there. No delivery is touched.
      </Alert>
      <TextInput label="Name" description="Letters, digits and _ . : -" withAsterisk spellCheck={false} {...form.getInputProps('name')} />
      <Select
        label="Mode"
        description="It cannot be changed later. Keys of a live environment begin with ph_live_, and its webhooks have https URLs."
        allowDeselect={false}
        data={['test', 'live']}
        {...form.getInputProps('mode')}
      />
    </EditingForm>
  );
};

const CreatedView = ({ environment }: { readonly environment: Created }) => (
  <Stack maw={720}>
    <Alert color="yellow" title="Its admin key">
      <Stack gap="xs">
        <Text size="sm">It is shown here this once. Sign in with it to work in the new environment.</Text>
        <Copyable value={environment.admin_key} label="key" />
      </Stack>
    </Alert>
    <Group>
      <Button component={Link} to={settingsPath} variant="default">
        To the settings of this environment
      </Button>
    </Group>
  </Stack>
);
