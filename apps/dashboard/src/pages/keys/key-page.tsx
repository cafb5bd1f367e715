// One key: whose it is, whether it works, what it did; and its end.
import { Anchor, Button, Code, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { type ApiKey, keyQuery } from '../../api/admin-queries.js';
import { api, take } from '../../api/client.js';
import { Confirm, type Confirmation } from '../../shared/confirm.js';
import { Copyable } from '../../shared/copyable.js';
import { Facts } from '../../shared/facts.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { TimeOr } from '../../shared/time.js';
import { auditPath, keyPath, keysPath, tenantPath, withFilters } from '../tenants/paths.js';
import { KeyStatus, stateOf } from './key-status.js';
import { roleWords } from './roles.js';

export const KeyPage = () => {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(keyQuery(id));
  return (
    <Stack>
      <Anchor component={Link} to={keysPath} size="sm" w="fit-content">
        ← API keys
      </Anchor>
      <PageHeader
        title={data === undefined ? 'API key' : (data.name ?? data.key_hint)}
        badges={data !== undefined && <KeyStatus apiKey={data} />}
        actions={data !== undefined && <Revoke apiKey={data} />}
      />
      {data !== undefined && <Shown apiKey={data} />}
      {data === undefined && (error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
    </Stack>
  );
};

const Shown = ({ apiKey: key }: { readonly apiKey: ApiKey }) => (
  <>
    <Anchor component={Link} to={withFilters(auditPath, { actor_key_id: key.id })} w="fit-content">
      What was done with it
    </Anchor>
    <Facts
      label="About the key"
      facts={[
        ['Key', <Code key="hint">{key.key_hint}</Code>],
        ['Role', `${key.role}: ${roleWords[key.role]}`],
        [
          'Reaches',
          key.tenant === null ? (
            'the whole environment'
          ) : (
            <Anchor key="reaches" component={Link} to={tenantPath(key.tenant)} inherit>
              {key.tenant}
            </Anchor>
          ),
        ],
        ['Last used', <TimeOr key="used" at={key.last_used_at} none="never" />],
        ['Expires', <TimeOr key="expires" at={key.expires_at} none="never" />],
        ['Revoked', <TimeOr key="revoked" at={key.revoked_at} none="no" />],
        ['Created', <TimeOr key="created" at={key.created_at} />],
        [
          'Created with',
          key.created_by === null ? (
            'no key: the first one, or the command line'
          ) : (
            <Anchor key="by" component={Link} to={keyPath(key.created_by)} inherit>
              {key.created_by}
            </Anchor>
          ),
        ],
        ['Id', <Copyable key="id" value={key.id} label="id" />],
      ]}
    />
  </>
);

const Revoke = ({ apiKey: key }: { readonly apiKey: ApiKey }) => {
  const queries = useQueryClient();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  if (stateOf(key) !== 'active') return null;
  const ask = () =>
    setConfirmation({
      title: `Revoke ${key.name ?? key.key_hint}?`,
      effect: (
        <Text>
          Whoever uses it is refused within 5 seconds, for good. No delivery is touched. If it is the key that you signed in with, your
          session ends as well.
        </Text>
      ),
      verb: 'Revoke key',
      isDangerous: true,
      act: async () => {
        await take(api.DELETE('/v1/api-keys/{id}', { params: { path: { id: key.id } } }));
        notifications.show({ message: 'The key was revoked', color: 'green' });
        await queries.invalidateQueries({ queryKey: ['api-keys'] });
      },
    });
  return (
    <>
      <Button color="red" variant="light" onClick={ask}>
        Revoke
      </Button>
      <Confirm confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
};
