// An id, a URL or a secret, with a button that copies it.
import { ActionIcon, Code, CopyButton, Group, Tooltip } from '@mantine/core';

/** Drawn, since not every system has a character for it. */
const CopyIcon = ({ isDone }: { readonly isDone: boolean }) => (
  <svg viewBox="0 0 16 16" width="14" height="14" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    {isDone ? <path d="M3 8.5l3.2 3L13 4.5" /> : <path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7" />}
  </svg>
);

type Props = { readonly value: string; readonly label: string; readonly shown?: string };

/** @param label what it is, for the button; @param shown in its place, such as its beginning */
export const Copyable = ({ value, label, shown = value }: Props) => (
  <Group gap={4} wrap="nowrap" align="center" maw="100%">
    <Code className="break-anywhere" title={value}>
      {shown}
    </Code>
    <CopyButton value={value} timeout={1_500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${label}`}>
          <ActionIcon variant="subtle" color={copied ? 'green' : 'gray'} size="sm" onClick={copy} aria-label={`Copy ${label}`}>
            <CopyIcon isDone={copied} />
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  </Group>
);
