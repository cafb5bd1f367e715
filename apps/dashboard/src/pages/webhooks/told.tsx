// Who gets e-mails about a webhook; or that nobody does, and what to do about it.
import { Anchor, Badge, Group, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Webhook } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { notificationsPath } from '../notifications/words.js';
import { tenantPath, withFilters } from '../tenants/paths.js';

type Props = { readonly webhook: Webhook };

const whose = { webhook: 'its own address', tenant: 'the address of its tenant', operator: 'the operator' } as const;

/** What they tell; null: nothing. */
const aboutOf = ({ notification: { fail, success } }: Webhook): string | null => {
  if (fail) return success ? 'trouble and what was delivered' : 'trouble';
  return success ? 'what was delivered' : null;
};

export const Told = ({ webhook }: Props) => {
  const { notified, id } = webhook;
  const about = aboutOf(webhook);
  const isTold = about !== null && notified.by_mail && notified.source !== null;
  return (
    <Group gap="xs" role="group" aria-label="Who is told">
      {!isTold && (
        <Badge color={about === null ? 'gray' : 'yellow'} variant="light" tt="none" leftSection={<span aria-hidden="true">!</span>}>
          Nobody is told
        </Badge>
      )}
      <Text size="sm" component="div" className="break-anywhere">
        {isTold && notified.source !== null && (
          <>
            E-mails about {about} go to {notified.email === null ? whose[notified.source] : <b>{notified.email}</b>}
            {notified.email !== null && `, ${whose[notified.source]}`}.
          </>
        )}
        {about === null && <SwitchedOff webhook={webhook} />}
        {about !== null && notified.source === null && <NoAddress webhook={webhook} />}
        {about !== null && !notified.by_mail && ' There is no mail server: whoever runs Posthorn sets SMTP_URL, and e-mails go out.'}{' '}
        <Anchor component={Link} to={withFilters(notificationsPath, { webhook_id: id })} inherit underline="always">
          What was told
        </Anchor>
      </Text>
    </Group>
  );
};

const Edit = ({ webhook, children }: Props & { readonly children: string }) =>
  useMay()('edit_webhooks') ? (
    <Anchor component={Link} to={`/webhooks/${webhook.id}/edit`} inherit underline="always">
      {children}
    </Anchor>
  ) : (
    children
  );

const SwitchedOff = ({ webhook }: Props) => (
  <>
    Its e-mails are <Edit webhook={webhook}>switched off</Edit>.
  </>
);

const NoAddress = ({ webhook }: Props) => {
  const may = useMay();
  return (
    <>
      If it fails, nobody gets an e-mail. Give an address to <Edit webhook={webhook}>this webhook</Edit> or to{' '}
      {may('administer') ? (
        <Anchor component={Link} to={tenantPath(webhook.tenant)} inherit underline="always">
          its tenant
        </Anchor>
      ) : (
        'its tenant'
      )}
      , or set POSTHORN_OPERATOR_EMAIL for all.
    </>
  );
};
