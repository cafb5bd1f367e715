// A request as a command to paste: copied at once where the browser lets it, and shown for who wants to read it first.
import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core';
import { useClipboard, useDisclosure } from '@mantine/hooks';

type Props = {
  readonly command: string;
  /** What one has to know before one runs it. */
  readonly notes: readonly string[];
};

export const CurlButton = ({ command, notes }: Props) => {
  const [isOpen, { open, close }] = useDisclosure(false);
  const clipboard = useClipboard({ timeout: 3_000 });
  const copyAndShow = () => {
    clipboard.copy(command);
    open();
  };
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={copyAndShow}>
        Copy as curl
      </Button>
      <Modal opened={isOpen} onClose={close} title="As curl" closeButtonProps={{ 'aria-label': 'Close' }} size="xl" centered>
        <Stack>
          {notes.map((note) => (
            <Text key={note} size="sm">
              {note}
            </Text>
          ))}
          <Code block className="as-sent" tabIndex={0} aria-label="Command">
            {command}
          </Code>
          <Group justify="flex-end" role="status">
            {clipboard.copied && <Text size="sm">Copied</Text>}
            <CopyButton value={command}>
              {({ copied, copy }) => (
                <Button variant="default" onClick={copy}>
                  {copied ? 'Copied again' : 'Copy'}
                </Button>
              )}
            </CopyButton>
          </Group>
        </Stack>
      </Modal>
    </>
  );
};
