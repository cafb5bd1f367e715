// Every page on a wide screen; and that every page of the routing is looked at.
import { expect, it } from '@jest/globals';
import { readRoutes } from './support/routes.js';
import { testEveryPage } from './support/usable.js';
import { views } from './support/views.js';

it('knows every page, so a new one is given its case in support/views.ts', () => {
  expect([...new Set(views.map(({ route }) => route))].sort()).toEqual([...readRoutes()].sort());
});

testEveryPage(1_280);
