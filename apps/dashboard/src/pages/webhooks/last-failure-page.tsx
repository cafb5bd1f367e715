// Why a webhook fails: leads to the newest delivery of which an attempt failed, where the reason and the attempts stand.
import { Anchor, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, useParams } from 'react-router';
import { lastFailureQuery } from '../../api/event-queries.js';
import { PageHeader } from '../../shared/page-header.js';
import { Empty, ErrorState, Loading } from '../../shared/states.js';

export const lastFailurePath = (id: string): string => `/webhooks/${id}/last-failure`;

export const LastFailurePage = () => {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(lastFailureQuery(id));
  if (data?.delivery_id != null) return <Navigate to={`/deliveries/${data.delivery_id}`} replace />;
  return (
    <Stack>
      <PageHeader title="Last failure" />
      {data === undefined && (error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
      {data === null && (
        <Empty
          title="No attempt of it failed"
          action={
            <Anchor component={Link} to={`/webhooks/${id}`}>
              To the webhook
            </Anchor>
          }
        >
          As far back as attempts are kept.
        </Empty>
      )}
    </Stack>
  );
};
