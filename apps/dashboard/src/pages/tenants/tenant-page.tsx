// One tenant: what it has now, and the lists of what is its.
import { Anchor, Button, Code, Group, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { type Tenant, tenantBacklogQuery, tenantQuery } from '../../api/admin-queries.js';
import { Copyable } from '../../shared/copyable.js';
import { Facts } from '../../shared/facts.js';
import { jsonText } from '../../shared/json-text.js';
import { shortCount } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { Tile } from '../../shared/tile.js';
import { Time } from '../../shared/time.js';
import { EraseTenantDialog } from './erase-tenant-dialog.js';
import { auditPath, editTenantPath, keysPath, newKeyPath, tenantsPath, withFilters } from './paths.js';

export const TenantPage = () => {
  const { tenant = '' } = useParams();
  const { data, error, refetch } = useQuery(tenantQuery(tenant));
  const [erases, setErases] = useState(false);
  const actions = (
    <>
      <Button component={Link} to={editTenantPath(tenant)} variant="default">
        Edit
      </Button>
      <Button color="red" variant="light" onClick={() => setErases(true)}>
        Erase
      </Button>
    </>
  );
  return (
    <Stack>
      <Anchor component={Link} to={tenantsPath} size="sm" w="fit-content">
        ← Tenants
      </Anchor>
      <PageHeader title={data?.name ?? tenant} actions={data !== undefined && actions} />
      {data !== undefined && <Shown tenant={data} />}
      {data === undefined && (error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
      {data !== undefined && erases && <EraseTenantDialog tenant={data} onClose={() => setErases(false)} />}
    </Stack>
  );
};

const Shown = ({ tenant }: { readonly tenant: Tenant }) => {
  const { data } = useQuery(tenantBacklogQuery(tenant.tenant));
  const now = data?.now;
  const its = { tenant: tenant.tenant };
  const countOf = (value: number | undefined): string => (value === undefined ? '…' : shortCount(value));
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Tile label="Webhooks" value={countOf(now?.webhooks)} to={withFilters('/webhooks', its)} />
        <Tile label="Waiting" value={countOf(now?.pending)} to={withFilters('/deliveries', { ...its, status: 'pending' })} />
        <Tile label="Held" value={countOf(now?.held)} to={withFilters('/deliveries', { ...its, status: 'held' })} />
        <Tile label="Failed, 24 h" value={countOf(data?.totals.failed)} to={withFilters('/deliveries', { ...its, status: 'failed' })} />
      </SimpleGrid>
      <Group gap="md">
        <Anchor component={Link} to={withFilters('/events', its)}>
          Its events
        </Anchor>
        <Anchor component={Link} to={withFilters(keysPath, its)}>
          Its keys
        </Anchor>
        <Anchor component={Link} to={withFilters(newKeyPath, its)}>
          Create a key for it
        </Anchor>
        <Anchor component={Link} to={withFilters(auditPath, its)}>
          Its audit log
        </Anchor>
      </Group>
      <Facts
        label="About the tenant"
        facts={[
          ['Tenant', <Copyable key="tenant" value={tenant.tenant} label="tenant" />],
          ['Name', tenant.name ?? '–'],
          ['E-mail', tenant.email ?? '–'],
          [
            'Metadata',
            Object.keys(tenant.metadata).length === 0 ? (
              '–'
            ) : (
              <Code key="metadata" block tabIndex={0}>
                {jsonText(tenant.metadata)}
              </Code>
            ),
          ],
          ['Id', <Copyable key="id" value={tenant.id} label="id" />],
          ['Created', <Time key="created" at={tenant.created_at} />],
          ['Changed', <Time key="changed" at={tenant.updated_at} />],
        ]}
      />
    </>
  );
};
