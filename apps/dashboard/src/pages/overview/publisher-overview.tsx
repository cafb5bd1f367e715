// What somebody sees who may publish and read events, and nothing of webhooks.
import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { PageHeader } from '../../shared/page-header.js';
import { Empty } from '../../shared/states.js';

export const PublisherOverview = () => (
  <>
    <PageHeader title="Overview" />
    <Empty
      title="Your key publishes events"
      action={
        <Anchor component={Link} to="/events">
          To the events
        </Anchor>
      }
    >
      What became of them stands at each event.
    </Empty>
  </>
);
