// What runs: the processes that were heard of lately, the queue, the scheduler, the database.
import { Badge, Code, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Deployment, deploymentQuery } from '../../api/admin-queries.js';
import { Facts } from '../../shared/facts.js';
import { count } from '../../shared/numbers.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { Time } from '../../shared/time.js';
import { alarmsOf } from './alarms.js';

export const DeploymentView = () => {
  const { data, error, refetch } = useQuery(deploymentQuery);
  if (data === undefined) return error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <Stack>
      <Title order={2}>What runs</Title>
      {alarmsOf(data, Date.now()).map((alarm) => (
        <Text key={alarm} c="var(--mantine-color-red-text)" role="alert">
          ⚠ {alarm}
        </Text>
      ))}
      <Processes processes={data.processes} />
      <Upkeep deployment={data} />
    </Stack>
  );
};

const columns = ['Process', 'Version', 'Jobs at once', 'Host', 'Process id', 'Node', 'Started', 'Heard of'] as const;
const commitCharsShown = 10;

const Processes = ({ processes }: Pick<Deployment, 'processes'>) => (
  <Table.ScrollContainer minWidth={720} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Processes' } }}>
    <Table aria-label="Processes" withTableBorder>
      <Table.Thead>
        <Table.Tr>
          {columns.map((column) => (
            <Table.Th key={column} scope="col">
              {column}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {processes.map((one) => (
          <Table.Tr key={`${one.id} ${one.role}`}>
            <Table.Td>{one.role}</Table.Td>
            <Table.Td>
              {one.version ?? '–'}
              {one.commit !== null && <Code ml="xs">{one.commit.slice(0, commitCharsShown)}</Code>}
            </Table.Td>
            <Table.Td>{one.jobs_max === null ? '–' : count(one.jobs_max)}</Table.Td>
            <Table.Td>{one.host}</Table.Td>
            <Table.Td>{one.pid}</Table.Td>
            <Table.Td>{one.node_version}</Table.Td>
            <Table.Td>
              <Time at={one.started_at} />
            </Table.Td>
            <Table.Td>
              <Time at={one.seen_at} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Table.ScrollContainer>
);

const State = ({ isGood, good, bad }: { readonly isGood: boolean; readonly good: string; readonly bad: string }) => (
  <Badge color={isGood ? 'green' : 'red'} variant="light" tt="none" leftSection={<span aria-hidden="true">{isGood ? '✓' : '✕'}</span>}>
    {isGood ? good : bad}
  </Badge>
);

const schedulerWords = ({ processes, scheduler }: Deployment): string => {
  const holder = processes.find(({ id }) => id === scheduler.holder_id);
  return holder === undefined ? 'active' : `active in the worker ${holder.pid} on ${holder.host}`;
};

const Upkeep = ({ deployment }: { readonly deployment: Deployment }) => {
  const { queue, scheduler, database } = deployment;
  return (
    <Facts
      label="Queue, scheduler and database"
      facts={[
        [
          'Queue',
          <State key="queue" isGood={queue.is_reachable} good={`${queue.backend}, reachable`} bad={`${queue.backend}, not reachable`} />,
        ],
        [
          'Jobs in the queue',
          queue.waiting === null
            ? 'not known'
            : `${count(queue.waiting.first)} first attempts, ${count(queue.waiting.due)} due again, ${count(queue.waiting.replay)} of replays`,
        ],
        ['Shards', count(queue.shards)],
        ['Scheduler', <State key="scheduler" isGood={scheduler.is_active} good={schedulerWords(deployment)} bad="none is active" />],
        ['Schema', database.schema === null ? 'not known' : <Code key="schema">{database.schema}</Code>],
        [
          'Partitions',
          `${count(database.partitions)} days of events, ${count(database.partitions_ahead)} ahead, the last ${database.last_partition ?? 'not known'}`,
        ],
      ]}
    />
  );
};
