// Health: whether Posthorn itself works, what runs, and how its work stands.
import { Alert, List, SimpleGrid, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { backlogQuery, type Readiness, readinessQuery } from '../../api/admin-queries.js';
import { anything } from '../../api/concerns.js';
import { sumsAgainMs, useLiveRefresh } from '../../api/live.js';
import { useMay } from '../../api/session.js';
import { count, rate, shortCount } from '../../shared/numbers.js';
import { PageHeader } from '../../shared/page-header.js';
import { duration } from '../../shared/relative-time.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { Tile } from '../../shared/tile.js';
import { TimeOr } from '../../shared/time.js';
import { DeploymentView } from './deployment-view.js';

export const HealthPage = () => {
  const may = useMay();
  return (
    <>
      <PageHeader title="Health" />
      <Stack>
        <Api />
        {may('read_webhooks') && <Work />}
        {may('read_deployment') && <DeploymentView />}
      </Stack>
    </>
  );
};

const Api = () => {
  const { data, error, refetch } = useQuery(readinessQuery);
  if (data === undefined) return error === null ? <Loading rows={1} /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return <Ready readiness={data} />;
};

const Ready = ({ readiness: { status, problems, degraded } }: { readonly readiness: Readiness }) => {
  const [missing, lacking] = [Object.entries(problems), Object.entries(degraded)];
  if (status === 'ready' && lacking.length === 0)
    return (
      <Alert color="green" title="✓ Everything that is needed is reachable">
        Events are accepted and delivered.
      </Alert>
    );
  return (
    <Alert
      color={status === 'ready' ? 'yellow' : 'red'}
      role="alert"
      title={status === 'ready' ? '⚠ It works, but something is missing' : '✕ It does not work: something is missing'}
    >
      <List size="sm">
        {[...missing, ...lacking].map(([part, what]) => (
          <List.Item key={part}>
            {part}: {what}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
};

/** How long work may be due before it is worth a look, in milliseconds. */
const lateMs = 60_000;

const Work = () => {
  const { data: now, error, refetch } = useQuery(backlogQuery);
  useLiveRefresh(backlogQuery.queryKey, anything, sumsAgainMs);
  if (now === undefined) return error === null ? <Loading rows={2} /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  const oldest = now.oldest_due_at;
  const clears = now.clear_estimate_s === null ? 'not shrinking' : duration(now.clear_estimate_s);
  return (
    <section aria-labelledby="work">
      <Title order={2} id="work" mb="sm">
        Work of this environment
      </Title>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
        <Tile label="Waiting" value={shortCount(now.pending)} note={`${shortCount(now.held)} held`} to="/deliveries?status=pending" />
        <Tile
          label="Oldest due"
          value={<TimeOr at={oldest} none="none" />}
          note="waits to be sent"
          to="/deliveries?status=pending"
          alarm={oldest !== null && Date.now() - Date.parse(oldest) > lateMs}
        />
        <Tile label="Backlog gone in" value={now.pending === 0 ? 'none' : clears} note="if it goes on so" />
        <Tile label="Created a second" value={rate(now.created_per_s)} note={`${rate(now.ended_per_s)} ended; last five minutes`} />
        <Tile
          label="Open circuits"
          value={count(now.circuits_open)}
          note={`${count(now.circuits_half_open)} half-open`}
          to="/webhooks?circuit_state=open"
          alarm={now.circuits_open > 0}
        />
        <Tile
          label="Webhooks"
          value={count(now.webhooks)}
          note={`${count(now.disabled)} disabled, ${count(now.paused)} paused`}
          to="/webhooks"
        />
      </SimpleGrid>
    </section>
  );
};
