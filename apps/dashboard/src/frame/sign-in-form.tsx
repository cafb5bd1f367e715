// The key, and what is wrong with it.
import { Alert, Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiProblem, messageOf } from '../api/problem.js';
import { type Session, signIn } from '../api/session.js';

const explain = (error: unknown): string => {
  if (!(error instanceof ApiProblem)) return messageOf(error);
  if (error.status === 401)
    return 'This key is not known, or no longer valid: it may have been revoked, have expired, or have a typing mistake.';
  if (error.status === 0) return 'Posthorn cannot be reached. The key was not checked; try again when it is back.';
  return error.message;
};

export const SignInForm = ({ onSignedIn }: { readonly onSignedIn: (session: Session) => void }) => {
  const [key, setKey] = useState('');
  const { mutate, error, isPending, reset } = useMutation({ mutationFn: signIn, onSuccess: onSignedIn });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() !== '') mutate(key.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <PasswordInput
          label="API key"
          description="It begins with ph_test_ or ph_live_."
          name="key"
          autoComplete="current-password"
          spellCheck={false}
          required
          data-autofocus
          autoFocus
          value={key}
          onChange={(event) => {
            setKey(event.currentTarget.value);
            if (error !== null) reset();
          }}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key' }}
          error={error !== null && error instanceof ApiProblem && error.status === 401}
        />
        {error !== null && (
          <Alert color="red" role="alert" title="Not signed in">
            {explain(error)}
          </Alert>
        )}
        <Button type="submit" loading={isPending}>
          Sign in
        </Button>
        <Text size="sm" c="dimmed">
          The key is not kept in this browser: it gets a session of 12 hours, which only Posthorn can read.
        </Text>
      </Stack>
    </form>
  );
};
