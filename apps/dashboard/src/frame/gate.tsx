// Lets in who is signed in. The address is kept while one signs in, so that one gets where one wanted to go.
import { Center, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Outlet } from 'react-router';
import { sessionQuery } from '../api/session.js';
import { ErrorState } from '../shared/states.js';
import { SignInPage } from './sign-in-page.js';

export const Gate = () => {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  if (session === null) return <SignInPage />;
  if (session !== undefined) return <Outlet />;
  return (
    <Center mih="100vh" p="md" component="main">
      {error === null ? <Loader aria-label="Loading" /> : <ErrorState error={error} onRetry={() => void refetch()} />}
    </Center>
  );
};
