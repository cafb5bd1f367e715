// Where one comes in. It stands at every address, so that one goes on from there.
import { Center, Paper, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'react-router';
import { sessionQuery } from '../api/session.js';
import { SignInForm } from './sign-in-form.js';

export const SignInPage = () => {
  const queries = useQueryClient();
  const { pathname } = useLocation();
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" maw={440} w="100%">
        <Stack>
          <Title order={1}>Posthorn</Title>
          <Text>Admin Console. Sign in with an API key{pathname === '/' ? '' : ` to go on to ${pathname}`}.</Text>
          <SignInForm onSignedIn={(session) => queries.setQueryData(sessionQuery.queryKey, session)} />
        </Stack>
      </Paper>
    </Center>
  );
};
