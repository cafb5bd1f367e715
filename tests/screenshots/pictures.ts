// Which pictures there are, and where.
import { fileURLToPath } from 'node:url';

export const looks = [
  { name: 'light', width: 1_280, height: 800, colorScheme: 'light' },
  { name: 'dark', width: 1_280, height: 800, colorScheme: 'dark' },
  { name: 'narrow', width: 375, height: 800, colorScheme: 'light' },
] as const;

/** A mail is as wide as a mail program's pane, or a telephone. */
export const mailLooks = [
  { name: 'light', width: 720, height: 400, colorScheme: 'light' },
  { name: 'narrow', width: 375, height: 400, colorScheme: 'light' },
] as const;

/** The file of a view in a look. */
export const pictureOf = (view: string, look: (typeof looks)[number]['name']): string =>
  fileURLToPath(new URL(`../../docs/screenshots/${view}.${look}.png`, import.meta.url));
