// Which page is at which address.
import { lazy } from 'react';
import { createBrowserRouter, createRoutesFromElements, Route } from 'react-router';
import { adminRoutes, environmentRoute } from './admin-routing.js';
import { Frame } from './frame/frame.js';
import { Gate } from './frame/gate.js';
import { NotFoundPage } from './pages/not-found-page.js';

// Pages are chunks of their own, so that what is loaded first stays small.
const OverviewPage = lazy(() => import('./pages/overview/overview-page.js').then((page) => ({ default: page.OverviewPage })));
const WebhooksPage = lazy(() => import('./pages/webhooks/webhooks-page.js').then((page) => ({ default: page.WebhooksPage })));
const WebhookPage = lazy(() => import('./pages/webhooks/webhook-page.js').then((page) => ({ default: page.WebhookPage })));
const EditWebhookPage = lazy(() => import('./pages/webhooks/edit-webhook-page.js').then((page) => ({ default: page.EditWebhookPage })));
const EventsPage = lazy(() => import('./pages/events/events-page.js').then((page) => ({ default: page.EventsPage })));
const EventPage = lazy(() => import('./pages/events/event-page.js').then((page) => ({ default: page.EventPage })));
const DeliveriesPage = lazy(() => import('./pages/deliveries/deliveries-page.js').then((page) => ({ default: page.DeliveriesPage })));
const DeliveryPage = lazy(() => import('./pages/deliveries/delivery-page.js').then((page) => ({ default: page.DeliveryPage })));
const ReplaysPage = lazy(() => import('./pages/replays/replays-page.js').then((page) => ({ default: page.ReplaysPage })));
const ReplayPage = lazy(() => import('./pages/replays/replay-page.js').then((page) => ({ default: page.ReplayPage })));
const SettingsLayout = lazy(() => import('./pages/settings/settings-layout.js').then((page) => ({ default: page.SettingsLayout })));
const WebhookSettingsPage = lazy(() =>
  import('./pages/settings/webhook-settings-page.js').then((page) => ({ default: page.WebhookSettingsPage })),
);
const CreateWebhookPage = lazy(() =>
  import('./pages/settings/create-webhook-page.js').then((page) => ({ default: page.CreateWebhookPage })),
);

export const router = createBrowserRouter(
  createRoutesFromElements(
    <Route element={<Gate />}>
      <Route element={<Frame />}>
        <Route index element={<OverviewPage />} />
        <Route path="webhooks" element={<WebhooksPage />} />
        <Route path="webhooks/:id" element={<WebhookPage />} />
        <Route path="webhooks/:id/edit" element={<EditWebhookPage />} />
        <Route path="events" element={<EventsPage />} />
        <Route path="events/:id" element={<EventPage />} />
        <Route path="deliveries" element={<DeliveriesPage />} />
        <Route path="deliveries/:id" element={<DeliveryPage />} />
        <Route path="replays" element={<ReplaysPage />} />
        <Route path="replays/:id" element={<ReplayPage />} />
        {adminRoutes}
        <Route path="settings" element={<SettingsLayout />}>
          <Route index element={<WebhookSettingsPage />} />
          <Route path="webhooks" element={<WebhookSettingsPage />} />
          <Route path="webhooks/new" element={<CreateWebhookPage />} />
          {environmentRoute}
        </Route>
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Route>,
  ),
);
