// One webhook: how it is, what it did lately, and what can be done about it.
import { Alert, Anchor, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearchParams } from 'react-router';
import { webhookOf } from '../../api/concerns.js';
import { useLiveRefresh } from '../../api/live.js';
import { type Webhook, webhookQuery } from '../../api/queries.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { WebhookStatus } from '../../shared/status-badge.js';
import { exactTime, Time } from '../../shared/time.js';
import { Configuration } from './configuration.js';
import { LastDeliveries } from './last-deliveries.js';
import { lastFailurePath } from './last-failure-page.js';
import { Past } from './past.js';
import { Timeline } from './timeline.js';
import { Told } from './told.js';
import { Versions } from './versions.js';
import { WebhookActions } from './webhook-actions.js';
import { WebhookStatistics } from './webhook-statistics.js';

export const WebhookPage = () => {
  const { id = '' } = useParams();
  const { data: webhook, error, refetch } = useQuery(webhookQuery(id));
  useLiveRefresh(['webhooks', id], webhookOf(id, webhook?.event_types ?? []));
  if (webhook !== undefined) return <Shown webhook={webhook} />;
  return (
    <>
      <PageHeader title="Webhook" />
      {error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />}
    </>
  );
};

const tabs = { health: 'Health', configuration: 'Configuration', versions: 'Versions', timeline: 'Timeline' } as const;

const Shown = ({ webhook }: { readonly webhook: Webhook }) => {
  const [params, setParams] = useSearchParams();
  const tab = params.get('tab') ?? 'health';
  return (
    <Stack>
      <Anchor component={Link} to="/webhooks" size="sm" w="fit-content">
        ← Webhooks
      </Anchor>
      <PageHeader
        title={webhook.name ?? webhook.code ?? webhook.id}
        badges={<WebhookStatus status={webhook.status} circuit={webhook.circuit_state} />}
        actions={<WebhookActions webhook={webhook} />}
      />
      <Condition webhook={webhook} />
      <Told webhook={webhook} />
      <Tabs
        value={tab in tabs ? tab : 'health'}
        onChange={(value) => setParams(value === null || value === 'health' ? {} : { tab: value })}
        keepMounted={false}
      >
        <Tabs.List aria-label="About the webhook" mb="md">
          {Object.entries(tabs).map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="health">
          <Stack>
            <WebhookStatistics webhook={webhook} />
            <Past webhook={webhook} hasList={false} />
            <LastDeliveries webhook={webhook} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="configuration">
          <Configuration webhook={webhook} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions webhook={webhook} />
        </Tabs.Panel>
        <Tabs.Panel value="timeline">
          <Timeline webhook={webhook} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
};

const disabledBecause = {
  by_hand: 'It was disabled by hand.',
  gone: 'Its endpoint answered 410: it is gone for good.',
  no_success: 'No delivery succeeded for 120 hours.',
} as const;

/** Why nothing is sent at present, and when that ends. */
const Condition = ({ webhook }: { readonly webhook: Webhook }) => {
  const { disabled_at: disabledAt, disabled_reason: reason, paused_at: pausedAt, circuit_state: circuit } = webhook;
  return (
    <>
      {disabledAt !== null && (
        <Alert color="gray" title="Disabled">
          {reason !== null && disabledBecause[reason]} Since <Time at={disabledAt} />. Its events are skipped until it is enabled.
        </Alert>
      )}
      {pausedAt !== null && (
        <Alert color="yellow" title="Paused">
          Since <Time at={pausedAt} />. Its deliveries are held and go out when it is resumed.
        </Alert>
      )}
      {circuit !== 'closed' && (
        <Alert color="red" title={circuit === 'open' ? 'Circuit open' : 'Circuit half-open'}>
          {webhook.circuit_failure_count} {webhook.circuit_failure_count === 1 ? 'failure' : 'failures'} in a row
          {webhook.circuit_opened_at !== null && (
            <>
              ; open since <Time at={webhook.circuit_opened_at} />
            </>
          )}
          .{' '}
          {webhook.circuit_retry_at === null ? (
            'It stays open until it is reset.'
          ) : (
            <>
              The next probe is due <Time at={webhook.circuit_retry_at} />.
            </>
          )}
          <div>
            <Anchor component={Link} to={lastFailurePath(webhook.id)} size="sm" c="inherit" td="underline">
              Explain the last failure
            </Anchor>
          </div>
          {webhook.disables_at !== null && (
            <Text size="sm" mt="xs">
              Will be disabled on <b>{exactTime(webhook.disables_at)}</b> (<Time at={webhook.disables_at} />) unless one delivery succeeds.
            </Text>
          )}
        </Alert>
      )}
    </>
  );
};
