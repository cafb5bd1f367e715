// An address that no page has.
import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { PageHeader } from '../shared/page-header.js';
import { Empty } from '../shared/states.js';

export const NotFoundPage = () => (
  <>
    <PageHeader title="No such page" />
    <Empty
      title="There is nothing at this address"
      action={
        <Anchor component={Link} to="/">
          To the overview
        </Anchor>
      }
    />
  </>
);
