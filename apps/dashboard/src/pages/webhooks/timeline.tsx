// What happened to the webhook at run time.
import { Code, Text } from '@mantine/core';
import { timelineQuery } from '../../api/queries.js';
import { CursorList } from '../../shared/cursor-list.js';
import { Empty } from '../../shared/states.js';
import { Time } from '../../shared/time.js';

export const Timeline = ({ id }: { readonly id: string }) => (
  <CursorList
    query={timelineQuery(id)}
    label="Timeline"
    columns={['When', 'What', 'Failures in a row', 'Details']}
    keyOf={({ at, kind }) => `${at} ${kind}`}
    row={({ at, kind, circuit_failure_count: failures, details }) => [
      <Time key="at" at={at} />,
      <Text key="kind" size="sm" fw={600}>
        {kind.replaceAll('_', ' ')}
      </Text>,
      failures ?? '–',
      Object.keys(details).length === 0 ? '–' : <Code key="details">{JSON.stringify(details)}</Code>,
    ]}
    empty={<Empty title="Nothing happened yet">Pauses, circuits that open and close, and the like will stand here.</Empty>}
  />
);
