// Webhooks: all of them.
import { PageHeader } from '../../shared/page-header.js';
import { CreateWebhookButton } from '../settings/webhook-settings-page.js';
import { WebhookList } from './webhook-list.js';

export const WebhooksPage = () => (
  <>
    <PageHeader title="Webhooks" actions={<CreateWebhookButton />} />
    <WebhookList />
  </>
);
