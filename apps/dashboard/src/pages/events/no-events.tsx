// What stands where no event was published yet: how to publish the first one.
import { Button, Code, Group, Stack } from '@mantine/core';
import { CurlButton } from '../../shared/curl-button.js';
import { Empty } from '../../shared/states.js';
import { firstBody, publishCommand, publishNotes } from './publish-command.js';

/** @param onPublish null: one may not */
export const NoEvents = ({ onPublish }: { readonly onPublish: (() => void) | null }) => (
  <Empty
    title="Publish your first event"
    action={
      <Stack align="center" maw="100%">
        <Code block className="as-sent" tabIndex={0} aria-label="Command">
          {publishCommand(firstBody)}
        </Code>
        <Group justify="center">
          <CurlButton command={publishCommand(firstBody)} notes={publishNotes} />
          {onPublish !== null && <Button onClick={onPublish}>Publish one here</Button>}
        </Group>
      </Stack>
    }
  >
    No events yet. This command publishes one; it appears here by itself.
  </Empty>
);
