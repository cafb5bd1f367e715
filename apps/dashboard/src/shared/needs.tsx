// A page for those alone who may do something; the others are told, should they come by its address.
import type { ReactNode } from 'react';
import { type Permission, useMay } from '../api/session.js';
import { Empty } from './states.js';

type Props = { readonly permission: Permission; readonly what: string; readonly children: ReactNode };

/** @param what such as `change event types` */
export const Needs = ({ permission, what, children }: Props) => {
  const may = useMay();
  return may(permission) ? children : <Empty title={`Your role may not ${what}`}>A key of role admin may.</Empty>;
};
