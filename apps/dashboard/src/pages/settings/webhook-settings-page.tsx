// Settings → Webhook Settings: the webhooks, and the button that makes one.
import { Button, Group, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from 'react-router';
import { useMay } from '../../api/session.js';
import { WebhookList } from '../webhooks/webhook-list.js';

export const newWebhookPath = '/settings/webhooks/new';

export const CreateWebhookButton = () => {
  const may = useMay();
  if (!may('edit_webhooks')) return null;
  return (
    <Button component={Link} to={newWebhookPath}>
      Create Webhook
    </Button>
  );
};

export const WebhookSettingsPage = () => {
  useDocumentTitle('Webhook Settings · Posthorn');
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={2}>Webhook Settings</Title>
        <CreateWebhookButton />
      </Group>
      <WebhookList />
    </>
  );
};
