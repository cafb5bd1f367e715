// Addresses of the pages for those who administer, each a chunk of its own.
import { lazy } from 'react';
import { Route } from 'react-router';

const EventTypesPage = lazy(() => import('./pages/event-types/event-types-page.js').then((page) => ({ default: page.EventTypesPage })));
const EventTypePage = lazy(() => import('./pages/event-types/event-type-page.js').then((page) => ({ default: page.EventTypePage })));
const NewEventTypePage = lazy(() =>
  import('./pages/event-types/new-event-type-page.js').then((page) => ({ default: page.NewEventTypePage })),
);
const EditEventTypePage = lazy(() =>
  import('./pages/event-types/edit-event-type-page.js').then((page) => ({ default: page.EditEventTypePage })),
);
const AdministrationLayout = lazy(() =>
  import('./pages/tenants/administration-layout.js').then((page) => ({ default: page.AdministrationLayout })),
);
const TenantsPage = lazy(() => import('./pages/tenants/tenants-page.js').then((page) => ({ default: page.TenantsPage })));
const TenantPage = lazy(() => import('./pages/tenants/tenant-page.js').then((page) => ({ default: page.TenantPage })));
const NewTenantPage = lazy(() => import('./pages/tenants/new-tenant-page.js').then((page) => ({ default: page.NewTenantPage })));
const EditTenantPage = lazy(() => import('./pages/tenants/edit-tenant-page.js').then((page) => ({ default: page.EditTenantPage })));
const KeysPage = lazy(() => import('./pages/keys/keys-page.js').then((page) => ({ default: page.KeysPage })));
const KeyPage = lazy(() => import('./pages/keys/key-page.js').then((page) => ({ default: page.KeyPage })));
const NewKeyPage = lazy(() => import('./pages/keys/new-key-page.js').then((page) => ({ default: page.NewKeyPage })));
const AuditPage = lazy(() => import('./pages/audit/audit-page.js').then((page) => ({ default: page.AuditPage })));
const HealthPage = lazy(() => import('./pages/health/health-page.js').then((page) => ({ default: page.HealthPage })));
const EnvironmentPage = lazy(() => import('./pages/environment/environment-page.js').then((page) => ({ default: page.EnvironmentPage })));

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
export const environmentRoute = <Route path="environment" element={<EnvironmentPage />} />;
