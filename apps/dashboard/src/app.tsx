// The console, put together: the kit with its nonce, the queries, the routes.
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { setNonce } from 'get-nonce';
import { RouterProvider } from 'react-router/dom';
import { createQueryClient } from './api/queries.js';
import { ConnectionBanner } from './frame/connection-banner.js';
import { router } from './routing.js';
import { readableVariables, theme } from './theme.js';

const queries = createQueryClient();
const colorSchemes = localStorageColorSchemeManager({ key: 'posthorn-color-scheme' });
/** The Content-Security-Policy lets only style elements in that have it. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
// For what the kit's dialogs stand on, which keeps the page behind them from scrolling.
setNonce(nonce);

export const App = () => (
  <MantineProvider
    theme={theme}
    cssVariablesResolver={readableVariables}
    defaultColorScheme="auto"
    colorSchemeManager={colorSchemes}
    getStyleNonce={() => nonce}
  >
    <QueryClientProvider client={queries}>
      <Notifications position="top-right" />
      <ConnectionBanner />
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>
);
