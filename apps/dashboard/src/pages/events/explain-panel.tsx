// Why an event was or was not delivered to a webhook: the sentence, the clause that stopped it, what helps, and every step.
import { Alert, Badge, Code, List, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Explanation, explainQuery } from '../../api/event-queries.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { Time, withLocalTimes } from '../../shared/time.js';

type Props = { readonly eventId: string; readonly webhookId: string };

export const ExplainPanel = ({ eventId, webhookId }: Props) => {
  const { data, error, refetch } = useQuery(explainQuery(eventId, webhookId));
  if (data === undefined) return error === null ? <Loading rows={3} /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <Stack gap="sm">
      <Alert color={colorOf(data.outcome)} title={data.outcome.replaceAll('_', ' ')}>
        <Stack gap={4}>
          <Text className="break-anywhere">{withLocalTimes(data.sentence)}</Text>
          {data.what_helps !== null && (
            <Text size="sm">
              <b>What helps:</b> {withLocalTimes(data.what_helps)}
            </Text>
          )}
        </Stack>
      </Alert>
      {data.clause !== null && <Clause explanation={data} />}
      <Steps steps={data.steps} />
      <Text size="xs" c="dimmed">
        As of <Time at={data.as_of.at} />, version {data.as_of.webhook_version} of the webhook
        {data.as_of.from_history ? ', as it was then' : ''}.
      </Text>
    </Stack>
  );
};

const colorOf = (outcome: Explanation['outcome']): string => {
  if (outcome === 'delivered') return 'green';
  if (outcome === 'failed' || outcome === 'not_delivered' || outcome === 'cancelled') return 'red';
  return outcome === 'skipped' ? 'gray' : 'blue';
};

const jsonOf = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value, null, 1));

const Clause = ({ explanation: { clause, expected, value } }: { readonly explanation: Explanation }) => (
  <Table aria-label="The clause that stopped it" withTableBorder>
    <Table.Tbody>
      {(
        [
          ['Clause', clause === '' ? '(the whole)' : (clause ?? '')],
          ['The webhook wants', jsonOf(expected)],
          ['The event has', jsonOf(value)],
        ] as const
      ).map(([name, text]) => (
        <Table.Tr key={name}>
          <Table.Th scope="row" w={160}>
            {name}
          </Table.Th>
          <Table.Td>
            <Code className="break-anywhere">{text}</Code>
          </Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  </Table>
);

const looks = new Map([
  [true, { symbol: '✓', word: 'passed', color: 'green' }],
  [false, { symbol: '✕', word: 'stopped', color: 'red' }],
]);
const notReached = { symbol: '–', word: 'not reached', color: 'gray' };

/** What stopped it, or speaks against it, stands open; the others are there for who asks. */
const Steps = ({ steps }: Pick<Explanation, 'steps'>) => {
  const against = steps.filter(({ passed }) => passed === false);
  return (
    <>
      {against.length > 0 && <StepList steps={against} label="Steps that were not passed" />}
      <details>
        <summary>All {steps.length} steps</summary>
        <StepList steps={steps} label="Steps" />
      </details>
    </>
  );
};

const StepList = ({ steps, label }: Pick<Explanation, 'steps'> & { readonly label: string }) => (
  <List listStyleType="none" spacing={4} size="sm" aria-label={label}>
    {steps.map(({ step, passed, detail }) => {
      const { symbol, word, color } = (passed === null ? undefined : looks.get(passed)) ?? notReached;
      return (
        <List.Item key={step}>
          <Badge color={color} variant="light" tt="none" mr="xs" className="no-wrap" leftSection={<span aria-hidden="true">{symbol}</span>}>
            {word}
          </Badge>
          <b>{step.replaceAll('_', ' ')}</b>
          {detail !== null && <span className="break-anywhere"> {withLocalTimes(detail)}</span>}
        </List.Item>
      );
    })}
  </List>
);
