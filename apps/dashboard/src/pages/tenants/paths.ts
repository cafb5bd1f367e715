// Addresses of the pages of tenants, keys and the audit log. Under `of` no tenant's name can be taken for another page.

export const tenantsPath = '/tenants';
export const newTenantPath = '/tenants/new';
export const tenantPath = (tenant: string): string => `/tenants/of/${encodeURIComponent(tenant)}`;
export const editTenantPath = (tenant: string): string => `/tenants/edit/${encodeURIComponent(tenant)}`;
export const keysPath = '/tenants/keys';
export const newKeyPath = '/tenants/keys/new';
export const keyPath = (id: string): string => `/tenants/keys/${id}`;
export const auditPath = '/tenants/audit';

/** @param filters of the list behind it */
export const withFilters = (path: string, filters: Readonly<Record<string, string>>): string => `${path}?${new URLSearchParams(filters)}`;
