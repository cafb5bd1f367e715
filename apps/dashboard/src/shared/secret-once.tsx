// A secret that has just been made.
import { Alert, Stack, Text } from '@mantine/core';
import { Copyable } from './copyable.js';

export const SecretOnce = ({ secret, children }: { readonly secret: string; readonly children?: string }) => (
  <Alert color="yellow" title="Signing secret">
    <Stack gap="xs">
      <Text size="sm">
        {children ??
          'The receiver verifies with it that a request is ours. It is shown here this once; copy it to where the receiver keeps its secrets.'}
      </Text>
      <Copyable value={secret} label="secret" />
    </Stack>
  </Alert>
);
