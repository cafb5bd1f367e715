// Colours and sizes of the console. Fonts are the system's: nothing is loaded from elsewhere.
import { type CSSVariablesResolver, createTheme, Menu, Notification } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  // White on it can be read in light and dark.
  primaryShade: 7,
  autoContrast: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.6rem' }, h2: { fontSize: '1.2rem' }, h3: { fontSize: '1rem' } } },
  defaultRadius: 'md',
  cursorType: 'pointer',
  // Its placeholder would be a child that a menu may not have.
  components: {
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
  },
});

/** Text on its background can be read (4.5 : 1), also text that stands back, errors, and the words in badges. */
export const readableVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-6)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
    '--mantine-color-indigo-light-color': '#2f44ad',
    '--mantine-color-green-light-color': '#1b5e2c',
    '--mantine-color-yellow-light-color': '#704300',
    '--mantine-color-orange-light-color': '#7d3600',
    '--mantine-color-red-light-color': '#9c1c1c',
    '--mantine-color-red-text': '#b02525',
    '--mantine-color-gray-light-color': 'var(--mantine-color-gray-8)',
  },
  dark: {
    '--mantine-color-anchor': 'var(--mantine-color-indigo-3)',
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
  },
});
