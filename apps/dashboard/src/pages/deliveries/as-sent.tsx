// Text as it came or went, whatever is in it.
import { Code, Text } from '@mantine/core';

type AsSentProps = { readonly title: string; readonly text: string | null; readonly none: string };

export const AsSent = ({ title, text, none }: AsSentProps) => (
  <div>
    <Text size="sm" fw={600}>
      {title}
    </Text>
    {text === null || text === '' ? (
      <Text size="sm" c="dimmed">
        {none}
      </Text>
    ) : (
      <Code block className="as-sent" tabIndex={0} aria-label={title}>
        {text}
      </Code>
    )}
  </div>
);
