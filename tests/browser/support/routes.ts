// The console's routing, read from its source: every address that a page stands at, so that a page without a case is seen.
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../apps/dashboard/src/', import.meta.url);

/** The JSX that is put in as `{adminRoutes}`, by that name; a text that ends where the next one begins. */
const fragments = (): ReadonlyMap<string, string> => {
  const files = readdirSync(folder).filter((name) => name.endsWith('routing.tsx'));
  const parts = files.flatMap((name) =>
    readFileSync(new URL(name, folder), 'utf8')
      .split(/^export const /m)
      .slice(1),
  );
  return new Map(parts.map((part) => [/^\w+/.exec(part)?.[0] ?? '', part.replaceAll(/element=\{<[^}]*>\}/g, '')]));
};

const putTogether = (name: string, all: ReadonlyMap<string, string>): string =>
  (all.get(name) ?? '').replaceAll(/\{(\w+)\}/g, (whole, inner: string) => (all.has(inner) ? putTogether(inner, all) : whole));

/** Patterns such as `/webhooks/:id`, each once, `*` for whatever is none of them; layouts are no pages of their own. */
export const readRoutes = (): readonly string[] => {
  const tags = putTogether('router', fragments()).match(/<Route\b[^>]*>|<\/Route>/g) ?? [];
  const around: string[] = [];
  const found = tags.flatMap((tag): readonly string[] => {
    if (tag === '</Route>') {
      around.pop();
      return [];
    }
    const path = /\bpath="([^"]*)"/.exec(tag)?.[1];
    if (!tag.endsWith('/>')) {
      around.push(path ?? '');
      return [];
    }
    return [path === '*' ? '*' : `/${[...around, path ?? ''].filter((part) => part !== '').join('/')}`];
  });
  if (around.length > 0 || found.length === 0) throw new Error('the routing is written in a way that this cannot read');
  return [...new Set(found)];
};
