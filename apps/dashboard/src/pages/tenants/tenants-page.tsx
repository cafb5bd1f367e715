// The tenants of the environment.
import { Button, Group, Stack } from '@mantine/core';
import { Link } from 'react-router';
import { type Tenant, tenantListQuery } from '../../api/admin-queries.js';
import { searchMark } from '../../frame/shortcuts.js';
import { CursorList } from '../../shared/cursor-list.js';
import { FilterText } from '../../shared/filter-fields.js';
import { count } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { Empty } from '../../shared/states.js';
import { Time } from '../../shared/time.js';
import { useUrlFilters } from '../../shared/url-filters.js';
import { newTenantPath, tenantPath } from './paths.js';

const filterNames = ['tenant', 'name'] as const;

const CreateButton = () => (
  <Button component={Link} to={newTenantPath}>
    Create tenant
  </Button>
);

export const TenantsPage = () => {
  const [filters, change] = useUrlFilters(filterNames);
  return (
    <>
      <PageHeader title="Tenants" actions={<CreateButton />} />
      <Stack>
        <Group align="flex-end" gap="sm">
          <FilterText
            label="Tenant"
            name="tenant"
            placeholder="The whole key"
            filters={filters}
            onChange={change}
            marks={searchMark}
            width={200}
          />
          <FilterText label="Name" name="name" placeholder="The whole name" filters={filters} onChange={change} width={200} />
        </Group>
        <CursorList<Tenant>
          query={tenantListQuery(filters)}
          filters={filters}
          label="Tenants"
          columns={['Tenant', 'Name', 'E-mail', 'Webhooks', 'Created', 'Changed']}
          keyOf={({ id }) => id}
          row={(tenant) => [
            <Link key="tenant" to={tenantPath(tenant.tenant)} className="row-link break-anywhere">
              {tenant.tenant}
            </Link>,
            <span key="name" className="break-anywhere">
              {tenant.name ?? '–'}
            </span>,
            <span key="email" className="break-anywhere">
              {tenant.email ?? '–'}
            </span>,
            count(tenant.webhooks),
            <Time key="created" at={tenant.created_at} />,
            <Time key="changed" at={tenant.updated_at} />,
          ]}
          empty={
            <Empty title="No tenants yet" action={<CreateButton />}>
              A tenant is made by itself when a webhook or an event names it, or here.
            </Empty>
          }
        />
      </Stack>
    </>
  );
};
