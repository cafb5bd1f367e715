// Asks before something is done that touches deliveries; it says to how many, and the button says what will happen.
import { Alert, Button, Group, Modal, Stack } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { messageOf } from '../api/problem.js';

export type Confirmation = {
  readonly title: string;
  /** What will happen, and to how many deliveries. */
  readonly effect: ReactNode;
  /** The words on the button that does it. */
  readonly verb: string;
  readonly isDangerous?: boolean;
  /** Throws what is to be shown. */
  readonly act: () => Promise<unknown>;
};

type Props = { readonly confirmation: Confirmation | null; readonly onClose: () => void };

export const Confirm = ({ confirmation, onClose }: Props) => {
  const [isActing, setActing] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = () => {
    setError(null);
    onClose();
  };
  const act = async () => {
    setActing(true);
    setError(null);
    try {
      await confirmation?.act();
      close();
    } catch (caught) {
      setError(caught);
    } finally {
      setActing(false);
    }
  };
  return (
    <Modal opened={confirmation !== null} onClose={close} title={confirmation?.title} closeButtonProps={{ 'aria-label': 'Close' }} centered>
      <Stack>
        <div>{confirmation?.effect}</div>
        {error !== null && (
          <Alert color="red" role="alert" title="That did not work">
            {messageOf(error)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            Cancel
          </Button>
          <Button color={confirmation?.isDangerous ? 'red' : 'indigo'} loading={isActing} onClick={() => void act()}>
            {confirmation?.verb}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
};
