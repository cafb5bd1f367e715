// Which page is at which address.
import { createBrowserRouter, createRoutesFromElements, Route } from 'react-router';
import { adminRoutes, environmentRoutes } from './admin-routing.js';
import { Frame } from './frame/frame.js';
import { Gate } from './frame/gate.js';
import { NotFoundPage } from './pages/not-found-page.js';
import { lazyPage } from './shared/lazy-page.js';

const OverviewPage = lazyPage(() => import('./pages/overview/overview-page.js'), 'OverviewPage');
const WebhooksPage = lazyPage(() => import('./pages/webhooks/webhooks-page.js'), 'WebhooksPage');
const WebhookPage = lazyPage(() => import('./pages/webhooks/webhook-page.js'), 'WebhookPage');
const EditWebhookPage = lazyPage(() => import('./pages/webhooks/edit-webhook-page.js'), 'EditWebhookPage');
const LastFailurePage = lazyPage(() => import('./pages/webhooks/last-failure-page.js'), 'LastFailurePage');
const EventsPage = lazyPage(() => import('./pages/events/events-page.js'), 'EventsPage');
const EventPage = lazyPage(() => import('./pages/events/event-page.js'), 'EventPage');
const DeliveriesPage = lazyPage(() => import('./pages/deliveries/deliveries-page.js'), 'DeliveriesPage');
const DeliveryPage = lazyPage(() => import('./pages/deliveries/delivery-page.js'), 'DeliveryPage');
const ReplaysPage = lazyPage(() => import('./pages/replays/replays-page.js'), 'ReplaysPage');
const ReplayPage = lazyPage(() => import('./pages/replays/replay-page.js'), 'ReplayPage');
const NotificationsPage = lazyPage(() => import('./pages/notifications/notifications-page.js'), 'NotificationsPage');
const SettingsLayout = lazyPage(() => import('./pages/settings/settings-layout.js'), 'SettingsLayout');
const WebhookSettingsPage = lazyPage(() => import('./pages/settings/webhook-settings-page.js'), 'WebhookSettingsPage');
const CreateWebhookPage = lazyPage(() => import('./pages/settings/create-webhook-page.js'), 'CreateWebhookPage');

export const router = createBrowserRouter(
  createRoutesFromElements(
    <Route element={<Gate />}>
      <Route element={<Frame />}>
        <Route index element={<OverviewPage />} />
        <Route path="webhooks" element={<WebhooksPage />} />
        <Route path="webhooks/:id" element={<WebhookPage />} />
        <Route path="webhooks/:id/last-failure" element={<LastFailurePage />} />
        <Route path="webhooks/:id/edit" element={<EditWebhookPage />} />
        <Route path="events" element={<EventsPage />} />
        <Route path="events/:id" element={<EventPage />} />
        <Route path="deliveries" element={<DeliveriesPage />} />
        <Route path="deliveries/:id" element={<DeliveryPage />} />
        <Route path="replays" element={<ReplaysPage />} />
        <Route path="replays/:id" element={<ReplayPage />} />
        <Route path="notifications" element={<NotificationsPage />} />
        {adminRoutes}
        <Route path="settings" element={<SettingsLayout />}>
          <Route index element={<WebhookSettingsPage />} />
          <Route path="webhooks" element={<WebhookSettingsPage />} />
          <Route path="webhooks/new" element={<CreateWebhookPage />} />
          {environmentRoutes}
        </Route>
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Route>,
  ),
);
