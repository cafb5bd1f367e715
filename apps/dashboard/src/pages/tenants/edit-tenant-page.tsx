// Changes to a tenant.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { type Tenant, tenantQuery } from '../../api/admin-queries.js';
import { api, take } from '../../api/client.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { tenantPath } from './paths.js';
import { bodyOf, TenantForm, type TenantValues, valuesOf } from './tenant-form.js';

export const EditTenantPage = () => {
  const { tenant = '' } = useParams();
  const { data, error, refetch } = useQuery(tenantQuery(tenant));
  return (
    <>
      <PageHeader title={`Edit tenant ${tenant}`} />
      {data !== undefined && <Editing first={data} />}
      {data === undefined && (error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
    </>
  );
};

/** What is edited is what the page was opened with, whatever is read meanwhile. */
const Editing = ({ first }: { readonly first: Tenant }) => {
  const [before] = useState(() => valuesOf(first));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const path = tenantPath(before.tenant);
  const save = async (values: TenantValues) => {
    const body = bodyOf(values, before);
    if (Object.keys(body).length > 0) await take(api.PATCH('/v1/tenants/{tenant}', { params: { path: { tenant: before.tenant } }, body }));
    await queries.invalidateQueries({ queryKey: ['tenants'] });
    await navigate(path);
  };
  return <TenantForm initial={before} isNew={false} onSubmit={save} onCancel={() => navigate(path)} />;
};
