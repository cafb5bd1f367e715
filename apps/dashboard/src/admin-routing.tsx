// Addresses of the pages for those who administer, each a chunk of its own.
import { Route } from 'react-router';
import { lazyPage } from './shared/lazy-page.js';

const EventTypesPage = lazyPage(() => import('./pages/event-types/event-types-page.js'), 'EventTypesPage');
const EventTypePage = lazyPage(() => import('./pages/event-types/event-type-page.js'), 'EventTypePage');
const NewEventTypePage = lazyPage(() => import('./pages/event-types/new-event-type-page.js'), 'NewEventTypePage');
const EditEventTypePage = lazyPage(() => import('./pages/event-types/edit-event-type-page.js'), 'EditEventTypePage');
const AdministrationLayout = lazyPage(() => import('./pages/tenants/administration-layout.js'), 'AdministrationLayout');
const TenantsPage = lazyPage(() => import('./pages/tenants/tenants-page.js'), 'TenantsPage');
const TenantPage = lazyPage(() => import('./pages/tenants/tenant-page.js'), 'TenantPage');
const NewTenantPage = lazyPage(() => import('./pages/tenants/new-tenant-page.js'), 'NewTenantPage');
const EditTenantPage = lazyPage(() => import('./pages/tenants/edit-tenant-page.js'), 'EditTenantPage');
const KeysPage = lazyPage(() => import('./pages/keys/keys-page.js'), 'KeysPage');
const KeyPage = lazyPage(() => import('./pages/keys/key-page.js'), 'KeyPage');
const NewKeyPage = lazyPage(() => import('./pages/keys/new-key-page.js'), 'NewKeyPage');
const AuditPage = lazyPage(() => import('./pages/audit/audit-page.js'), 'AuditPage');
const HealthPage = lazyPage(() => import('./pages/health/health-page.js'), 'HealthPage');
const EnvironmentPage = lazyPage(() => import('./pages/environment/environment-page.js'), 'EnvironmentPage');
const NewEnvironmentPage = lazyPage(() => import('./pages/environment/new-environment-page.js'), 'NewEnvironmentPage');

export const adminRoutes = (
  <>
    <Route path="event-types" element={<EventTypesPage />} />
    <Route path="event-types/new" element={<NewEventTypePage />} />
    <Route path="event-types/of/:name" element={<EventTypePage />} />
    <Route path="event-types/edit/:name" element={<EditEventTypePage />} />
    <Route path="tenants" element={<AdministrationLayout />}>
      <Route index element={<TenantsPage />} />
      <Route path="new" element={<NewTenantPage />} />
      <Route path="of/:tenant" element={<TenantPage />} />
      <Route path="edit/:tenant" element={<EditTenantPage />} />
      <Route path="keys" element={<KeysPage />} />
      <Route path="keys/new" element={<NewKeyPage />} />
      <Route path="keys/:id" element={<KeyPage />} />
      <Route path="audit" element={<AuditPage />} />
    </Route>
    <Route path="health" element={<HealthPage />} />
  </>
);

/** Under the settings. */
export const environmentRoutes = (
  <>
    <Route path="environment" element={<EnvironmentPage />} />
    <Route path="environment/new" element={<NewEnvironmentPage />} />
  </>
);
