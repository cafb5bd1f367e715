// What an attempt sent: where to, its headers, and the command that sends the same once more.
import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { deliveryBodyQuery, versionUrlQuery } from '../../api/event-queries.js';
import type { Attempt } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { curlOf, headersOf, hiddenHeaders } from '../../shared/curl.js';
import { CurlButton } from '../../shared/curl-button.js';
import { AsSent } from './as-sent.js';

export const AttemptRequest = ({ attempt }: { readonly attempt: Attempt }) => {
  const mayRead = useMay()('read_webhooks');
  const { data: url } = useQuery({ ...versionUrlQuery(attempt.webhook_id, attempt.webhook_version), enabled: mayRead });
  return (
    <>
      <Group justify="space-between" gap="xs">
        <Text size="sm" className="break-anywhere">
          <b>POST</b> {url ?? ''}
        </Text>
        {url !== undefined && <Curl attempt={attempt} url={url} />}
      </Group>
      <AsSent title="Request headers" text={attempt.request_headers} none="Nothing was sent." />
    </>
  );
};

const Curl = ({ attempt, url }: { readonly attempt: Attempt; readonly url: string }) => {
  const { data } = useQuery({ ...deliveryBodyQuery(attempt.delivery_id ?? ''), enabled: attempt.delivery_id !== null });
  if (data === undefined || data.body === null || attempt.request_headers === null) return null;
  const headers = headersOf(attempt.request_headers);
  return <CurlButton command={curlOf({ url, headers, body: data.body })} notes={notesOf(hiddenHeaders(headers))} />;
};

const notesOf = (hidden: readonly string[]): readonly string[] => [
  'It is the request as it was sent, to the byte. The signature and its time are those of then: a receiver that looks at the time refuses it after some minutes.',
  ...(hidden.length === 0 ? [] : [`Secrets are not kept: put in the values of ${hidden.join(', ')}.`]),
];

/** The same for each attempt, whatever the webhook has become since. */
export const SentBody = ({ deliveryId }: { readonly deliveryId: string }) => {
  const { data } = useQuery(deliveryBodyQuery(deliveryId));
  return (
    <details>
      <summary>Request body, the same for each attempt</summary>
      {data !== undefined && <AsSent title={data.content_type ?? ''} text={data.body} none="Its event was erased." />}
    </details>
  );
};
