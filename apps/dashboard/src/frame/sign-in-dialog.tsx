// The session is over while somebody works: they sign in on top of the page, which keeps what was typed, and the calls that waited are made.
import { Button, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type Session, sessionQuery, useSession } from '../api/session.js';
import { endWaiting, signInAgain } from '../api/signals.js';
import { SignInForm } from './sign-in-form.js';

export const SignInDialog = () => {
  const isOver = signInAgain.use().length > 0;
  const before = useSession();
  const queries = useQueryClient();
  const goOn = (session: Session) => {
    const isSame = session.environment.id === before.environment.id && session.tenant === before.tenant;
    queries.setQueryData(sessionQuery.queryKey, session);
    // What is on the page is of another environment or tenant: it must not be saved there.
    if (!isSame) location.assign('/');
    else endWaiting('resume');
  };
  const leave = () => {
    queries.setQueryData(sessionQuery.queryKey, null);
    endWaiting('giveUp');
  };
  return (
    <Modal opened={isOver} onClose={() => undefined} withCloseButton={false} closeOnEscape={false} title="Your session is over" centered>
      <Stack>
        <Text>Sign in again to go on where you are. What you typed is still here.</Text>
        <SignInForm onSignedIn={goOn} />
        <Button variant="subtle" color="gray" onClick={leave}>
          Leave this page
        </Button>
      </Stack>
    </Modal>
  );
};
