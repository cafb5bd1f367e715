// The API keys of the environment.
import { Button, Code, Group, Select, Stack } from '@mantine/core';
import { Link } from 'react-router';
import { type ApiKey, keyListQuery } from '../../api/admin-queries.js';
import { searchMark } from '../../frame/shortcuts.js';
import { CursorList } from '../../shared/cursor-list.js';
import { FilterSelect, FilterText } from '../../shared/filter-fields.js';
import { PageHeader } from '../../shared/page-header.js';
import { Empty } from '../../shared/states.js';
import { TimeOr } from '../../shared/time.js';
import { useUrlFilters } from '../../shared/url-filters.js';
import { keyPath, newKeyPath, tenantPath } from '../tenants/paths.js';
import { KeyStatus } from './key-status.js';
import { roles } from './roles.js';

const filterNames = ['role', 'tenant', 'is_active'] as const;

const CreateButton = () => (
  <Button component={Link} to={newKeyPath}>
    Create key
  </Button>
);

export const KeysPage = () => {
  const [filters, change] = useUrlFilters(filterNames);
  return (
    <>
      <PageHeader title="API keys" actions={<CreateButton />} />
      <Stack>
        <Group align="flex-end" gap="sm">
          <FilterSelect label="Role" name="role" words={roles} filters={filters} onChange={change} />
          <FilterText label="Tenant" name="tenant" filters={filters} onChange={change} marks={searchMark} />
          <Select
            label="State"
            clearable
            clearButtonProps={{ 'aria-label': 'Clear State' }}
            placeholder="Any"
            data={[
              { value: 'true', label: 'active' },
              { value: 'false', label: 'expired or revoked' },
            ]}
            value={filters.is_active ?? null}
            onChange={(value) => change('is_active', value)}
            w={180}
          />
        </Group>
        <CursorList<ApiKey>
          query={keyListQuery(filters)}
          filters={filters}
          label="API keys"
          columns={['Name', 'Role', 'Tenant', 'State', 'Key', 'Last used', 'Expires', 'Created']}
          keyOf={({ id }) => id}
          row={(key) => [
            <Link key="name" to={keyPath(key.id)} className="row-link break-anywhere">
              {key.name ?? 'without a name'}
            </Link>,
            key.role,
            key.tenant === null ? (
              'all'
            ) : (
              <Link key="tenant" to={tenantPath(key.tenant)} className="row-link no-wrap">
                {key.tenant}
              </Link>
            ),
            <KeyStatus key="state" apiKey={key} />,
            <Code key="hint" className="no-wrap">
              {key.key_hint}
            </Code>,
            <TimeOr key="used" at={key.last_used_at} none="never" />,
            <TimeOr key="expires" at={key.expires_at} none="never" />,
            <TimeOr key="created" at={key.created_at} />,
          ]}
          empty={<Empty title="No keys" action={<CreateButton />} />}
        />
      </Stack>
    </>
  );
};
