// Settings of the environment: what a webhook without a value of its own is set to, and what may be published.
import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { type Environment, environmentQuery } from '../../api/admin-queries.js';
import { api, type Schema, take } from '../../api/client.js';
import { sessionQuery, useMay, useSession } from '../../api/session.js';
import { Copyable } from '../../shared/copyable.js';
import { Needs } from '../../shared/needs.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { Time } from '../../shared/time.js';
import { EnvironmentForm } from './environment-form.js';
import { bodyOf, type EnvironmentValues, valuesOf } from './environment-values.js';

export const EnvironmentPage = () => {
  useDocumentTitle('Environment · Posthorn');
  const may = useMay();
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={2}>Environment</Title>
        {may('administer') && (
          <Button component={Link} to="/settings/environment/new" variant="default">
            Create environment
          </Button>
        )}
      </Group>
      <Needs permission="administer" what="see the settings of the environment">
        <Settings />
      </Needs>
    </Stack>
  );
};

const Settings = () => {
  const { environment } = useSession();
  // What is edited is what the page was opened with, whatever is read meanwhile, until it was saved.
  const [saves, setSaves] = useState(0);
  const { data, error, refetch } = useQuery({ ...environmentQuery(environment.id), refetchOnWindowFocus: false });
  if (data === undefined) return error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  return <Editing key={saves} first={data} onSaved={() => setSaves(saves + 1)} />;
};

type EditingProps = { readonly first: Environment; readonly onSaved: () => void };

const Editing = ({ first, onSaved }: EditingProps) => {
  const [before] = useState(() => valuesOf(first));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const save = async (values: EnvironmentValues) => {
    const body = bodyOf(values, before) as Schema<'EnvironmentChanges'>;
    if (Object.keys(body).length === 0) return;
    const after = await take(api.PATCH('/v1/environments/{id}', { params: { path: { id: first.id } }, body }));
    notifications.show({ message: 'The settings were saved', color: 'green' });
    queries.setQueryData(environmentQuery(first.id).queryKey, after);
    onSaved();
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
  return (
    <Stack>
      <Group gap="xs">
        <Copyable value={first.id} label="id" />
        <Text size="sm" c="dimmed">
          Mode {first.mode}, which cannot be changed. Changed <Time at={first.updated_at} />.
        </Text>
      </Group>
      <Alert color="blue" title="What saving does" maw={720}>
        Changed settings act on every webhook that has no value of its own, in every worker within a second.
      </Alert>
      <EnvironmentForm initial={before} isLive={first.mode === 'live'} onSubmit={save} onCancel={() => navigate('/settings/webhooks')} />
    </Stack>
  );
};
