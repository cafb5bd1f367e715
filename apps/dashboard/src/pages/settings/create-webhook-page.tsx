// Create Webhook: the form, and then the secret, once.
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, type Schema, take } from '../../api/client.js';
import { useMay } from '../../api/session.js';
import { SecretOnce } from '../../shared/secret-once.js';
import { Empty } from '../../shared/states.js';
import { newBody } from '../../webhook-form/body.js';
import { emptyValues, type WebhookValues } from '../../webhook-form/values.js';
import { WebhookFormView } from '../../webhook-form/webhook-form.js';

type Created = Schema<'CreatedWebhook'>;
const listPath = '/settings/webhooks';

export const CreateWebhookPage = () => {
  useDocumentTitle('Create Webhook · Posthorn');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const may = useMay();
  const [created, setCreated] = useState<Created | null>(null);
  if (!may('edit_webhooks')) return <Empty title="Your role may not create webhooks">An administrator's key may.</Empty>;
  if (created !== null) return <CreatedView webhook={created} />;

  const create = async (values: WebhookValues) => {
    const body = newBody(values, emptyValues) as Schema<'NewWebhook'>;
    setCreated((await take(api.POST('/v1/webhooks', { body }))) as Created);
    // The lists begin anew, with it.
    queries.removeQueries({ queryKey: ['webhooks', 'list'] });
  };
  return (
    <Stack>
      <Title order={2}>Create Webhook</Title>
      <WebhookFormView initial={emptyValues} isNew onSubmit={create} onCancel={() => navigate(listPath)} />
    </Stack>
  );
};

const CreatedView = ({ webhook }: { readonly webhook: Created }) => (
  <Stack maw={720}>
    <Title order={2}>{webhook.name ?? 'The webhook'} was created</Title>
    <SecretOnce secret={webhook.secret} />
    <Text size="sm">Events that are published from now on are sent to {webhook.url}.</Text>
    <Group>
      <Button component={Link} to={`/webhooks/${webhook.id}`}>
        To the webhook
      </Button>
      <Button component={Link} to={listPath} variant="default">
        To Webhook Settings
      </Button>
    </Group>
  </Stack>
);
