// Changes to a webhook. Somebody else's, made meanwhile, are not written over.
import { Anchor, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { api, type Schema, take } from '../../api/client.js';
import { type Webhook, webhookQuery } from '../../api/queries.js';
import { deliveries } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { changedBody } from '../../webhook-form/body.js';
import { valuesOf, type WebhookValues } from '../../webhook-form/values.js';
import { WebhookFormView } from '../../webhook-form/webhook-form.js';

export const EditWebhookPage = () => {
  const { id = '' } = useParams();
  const { data: webhook, error, refetch } = useQuery(webhookQuery(id));
  if (webhook !== undefined) return <Editing first={webhook} />;
  return (
    <>
      <PageHeader title="Edit webhook" />
      {error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />}
    </>
  );
};

/** What is edited is the version that the page was opened with, whatever is read meanwhile. */
const Editing = ({ first }: { readonly first: Webhook }) => {
  const [webhook] = useState(first);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const path = `/webhooks/${webhook.id}`;
  const before = valuesOf(webhook);
  const save = async (values: WebhookValues) => {
    const body = changedBody(values, before) as Schema<'WebhookChanges'>;
    const params = { path: { id: webhook.id }, header: { 'if-match': `"${webhook.version}"` } };
    if (Object.keys(body).length > 0) await take(api.PATCH('/v1/webhooks/{id}', { params, body }));
    await queries.invalidateQueries({ queryKey: ['webhooks'] });
    navigate(path);
  };
  return (
    <Stack>
      <Anchor component={Link} to={path} size="sm">
        ← {webhook.name ?? webhook.id}
      </Anchor>
      <PageHeader title={`Edit ${webhook.name ?? 'webhook'}`} />
      <Text size="sm" c="dimmed" maw={720}>
        Saving makes version {webhook.version + 1}. {deliveries(webhook.statistics.pending + webhook.statistics.held)} that wait keep their
        body; URL, headers and keys are those that you save.
      </Text>
      <WebhookFormView initial={before} isNew={false} onSubmit={save} onCancel={() => navigate(path)} />
    </Stack>
  );
};
