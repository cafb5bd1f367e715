// One event type: what it is, who wants it, and whether anything comes of it.
import { Anchor, Button, Code, Paper, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { type EventTypeWithTexts, eventTypeQuery } from '../../api/admin-queries.js';
import { api, take } from '../../api/client.js';
import { indented } from '../../api/raw-json.js';
import { useMay } from '../../api/session.js';
import { Confirm, type Confirmation } from '../../shared/confirm.js';
import { Copyable } from '../../shared/copyable.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { Time } from '../../shared/time.js';
import { editEventTypePath } from './event-type-path.js';
import { EventTypeUse } from './event-type-use.js';

export const EventTypePage = () => {
  const { name = '' } = useParams();
  const { data, error, refetch } = useQuery(eventTypeQuery(name));
  return (
    <Stack>
      <Anchor component={Link} to="/event-types" size="sm" w="fit-content">
        ← Event types
      </Anchor>
      <PageHeader title={name} actions={data !== undefined && <Actions type={data} />} />
      {data !== undefined && <Shown type={data} />}
      {data === undefined && (error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
    </Stack>
  );
};

const Shown = ({ type }: { readonly type: EventTypeWithTexts }) => (
  <>
    <Text className="break-anywhere">{type.description ?? 'It has no description.'}</Text>
    <Text size="sm" c="dimmed">
      Changed <Time at={type.updated_at} />, created <Time at={type.created_at} />
    </Text>
    <EventTypeUse name={type.name} hasSchema={type.schema !== null} />
    <Json title="JSON Schema of the data" value={type.schema} none="None: any data fits." />
    <Json title="Example" value={type.example} none="None." />
    <Paper withBorder p="md">
      <Title order={2} size="h3" mb="xs">
        Name
      </Title>
      <Copyable value={type.name} label="name" />
    </Paper>
  </>
);

type JsonProps = { readonly title: string; readonly value: string | null; readonly none: string };

const Json = ({ title, value, none }: JsonProps) => (
  <Paper withBorder p="md">
    <Title order={2} size="h3" mb="xs">
      {title}
    </Title>
    {value === null ? (
      <Text c="dimmed">{none}</Text>
    ) : (
      <Code block tabIndex={0} mah={480}>
        {indented(value)}
      </Code>
    )}
  </Paper>
);

const Actions = ({ type: { name, schema } }: { readonly type: EventTypeWithTexts }) => {
  const may = useMay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  if (!may('administer')) return null;
  const askDelete = () =>
    setConfirmation({
      title: `Delete ${name}?`,
      effect: (
        <Text>
          It is taken out of the catalogue. Events of this type can still be published and are delivered as before
          {schema === null ? '' : '; they are no longer checked'}. No delivery is touched.
        </Text>
      ),
      verb: 'Delete event type',
      isDangerous: true,
      act: async () => {
        await take(api.DELETE('/v1/event-types/{name}', { params: { path: { name } } }));
        notifications.show({ message: `${name} was deleted`, color: 'green' });
        await navigate('/event-types');
        queries.removeQueries({ queryKey: eventTypeQuery(name).queryKey });
        await queries.invalidateQueries({ queryKey: ['event-types'] });
      },
    });
  return (
    <>
      <Button component={Link} to={editEventTypePath(name)} variant="default">
        Edit
      </Button>
      <Button color="red" variant="light" onClick={askDelete}>
        Delete
      </Button>
      <Confirm confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
};
