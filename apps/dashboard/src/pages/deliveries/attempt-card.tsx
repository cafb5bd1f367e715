// One attempt: what was sent and what came back, as they were. All of it is text.
import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import type { Attempt } from '../../api/queries.js';
import { FullTime } from '../../shared/time.js';
import { PhaseBar, PhaseWords } from '../events/phases.js';
import { answerOf } from '../events/waterfall.js';
import { AsSent } from './as-sent.js';
import { AttemptRequest } from './attempt-request.js';

export const AttemptCard = ({ attempt, isOpen }: { readonly attempt: Attempt; readonly isOpen: boolean }) => (
  <Paper withBorder p="sm" component="article" aria-label={`Attempt ${attempt.attempt}`}>
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <Title order={3} size="h4">
          Attempt {attempt.attempt}{' '}
          <Text span c="dimmed" size="sm">
            {attempt.kind}
          </Text>
        </Title>
        <Text fw={600}>{answerOf(attempt)}</Text>
        <Text size="sm">
          <FullTime at={attempt.started_at} />, version {attempt.webhook_version} of the webhook
        </Text>
      </Group>
      {attempt.error !== null && (
        <Text size="sm" c="var(--mantine-color-red-text)" className="break-anywhere">
          {attempt.error}
        </Text>
      )}
      <PhaseBar attempt={attempt} />
      <PhaseWords attempt={attempt} />
      <details open={isOpen}>
        <summary>Request and response</summary>
        <Stack gap="xs" mt="xs">
          <AttemptRequest attempt={attempt} />
          <AsSent title="Response headers" text={attempt.response_headers} none="No response came." />
          <AsSent
            title={attempt.response_truncated ? 'Response body, the beginning that is kept' : 'Response body'}
            text={attempt.response_body}
            none={attempt.status_code === null ? 'No response came.' : 'It was empty, or is not kept.'}
          />
        </Stack>
      </details>
    </Stack>
  </Paper>
);
