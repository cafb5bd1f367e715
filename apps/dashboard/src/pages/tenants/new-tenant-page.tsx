// A new tenant.
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api, take } from '../../api/client.js';
import { PageHeader } from '../../shared/page-header.js';
import { tenantPath, tenantsPath } from './paths.js';
import { bodyOf, emptyTenant, TenantForm, type TenantValues } from './tenant-form.js';

export const NewTenantPage = () => {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = async (values: TenantValues) => {
    const tenant = values.tenant.trim();
    await take(api.POST('/v1/tenants', { body: { tenant, ...bodyOf(values, emptyTenant) } }));
    await queries.invalidateQueries({ queryKey: ['tenants'] });
    await navigate(tenantPath(tenant));
  };
  return (
    <>
      <PageHeader title="Create tenant" />
      <TenantForm initial={emptyTenant} isNew onSubmit={create} onCancel={() => navigate(tenantsPath)} />
    </>
  );
};
