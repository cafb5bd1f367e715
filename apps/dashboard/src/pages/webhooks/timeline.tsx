// What happened to the webhook at run time, drawn and as a list.
import { Anchor, Code, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { timelineQuery, type Webhook } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { CursorList } from '../../shared/cursor-list.js';
import { Empty } from '../../shared/states.js';
import { FullTime } from '../../shared/time.js';
import { Past } from './past.js';

export const Timeline = ({ webhook }: { readonly webhook: Webhook }) => (
  <Stack>
    <Past webhook={webhook} hasList />
    <CursorList
      query={timelineQuery(webhook.id)}
      label="Timeline"
      columns={['When', 'What', 'Failures in a row', 'Details']}
      keyOf={({ at, kind }) => `${at} ${kind}`}
      row={({ at, kind, circuit_failure_count: failures, details }) => [
        <FullTime key="at" at={at} />,
        <Text key="kind" size="sm" fw={600}>
          {kind.replaceAll('_', ' ')}
        </Text>,
        failures ?? '–',
        <Details key="details" details={details} />,
      ]}
      empty={<Empty title="Nothing happened yet">Pauses, circuits that open and close, and the like will stand here.</Empty>}
    />
  </Stack>
);

/** Who did it, and whatever else is told. */
const Details = ({ details: { by, key_id: keyId, ...rest } }: { readonly details: Readonly<Record<string, unknown>> }) => {
  const may = useMay();
  if (by === undefined && Object.keys(rest).length === 0) return '–';
  return (
    <>
      {by !== undefined && (
        <Text size="sm" span mr="xs">
          by {String(by)}
          {typeof keyId === 'string' && may('administer') && (
            <Anchor component={Link} to={`/tenants/keys/${keyId}`} size="sm" ml={4}>
              (its key)
            </Anchor>
          )}
        </Text>
      )}
      {Object.keys(rest).length > 0 && <Code className="break-anywhere">{JSON.stringify(rest)}</Code>}
    </>
  );
};
