// What stands where there is nothing to show: not yet, nothing at all, nothing for these filters, or an error. Each offers what to do next.
import { Alert, Button, Code, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiProblem, isGone, messageOf } from '../api/problem.js';

const rowsDefault = 5;

export const Loading = ({ rows = rowsDefault }: { readonly rows?: number }) => (
  <Stack gap="xs" role="status" aria-label="Loading">
    {Array.from({ length: rows }, (_, row) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
      <Skeleton key={row} height={36} />
    ))}
  </Stack>
);

type EmptyProps = { readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode };

export const Empty = ({ title, children, action }: EmptyProps) => (
  <Paper withBorder p="xl">
    <Stack align="center" gap="xs" ta="center">
      <Title order={2} size="h3">
        {title}
      </Title>
      {children !== undefined && <Text c="dimmed">{children}</Text>}
      {action}
    </Stack>
  </Paper>
);

type ErrorProps = { readonly error: unknown; readonly onRetry?: () => void };

/** Beside what was read before: what is gone for the moment is said by the banner, and nothing moves for it. */
export const ErrorBeside = ({ error, ...rest }: ErrorProps) =>
  error === null || isGone(error) ? null : <ErrorState error={error} {...rest} />;

export const ErrorState = ({ error, onRetry }: ErrorProps) => {
  // It is read again without being asked for.
  if (isGone(error))
    return (
      <Text c="dimmed" role="status">
        Waiting for Posthorn. This appears as soon as it is back.
      </Text>
    );
  const problem = error instanceof ApiProblem ? error : null;
  const title = problem?.status === 404 ? 'There is no such thing, or it is not yours' : 'This could not be loaded';
  return (
    <Alert color="red" role="alert" title={title}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{messageOf(error)}</Text>
        {problem?.requestId != null && (
          <Text size="xs">
            Request <Code>{problem.requestId}</Code>
          </Text>
        )}
        {onRetry !== undefined && (
          <Group>
            <Button size="xs" color="red" variant="light" onClick={onRetry}>
              Try again
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
};
