// A webhook by its name, where one may know it.
import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { nameOf, webhookNamesQuery } from '../../api/event-queries.js';
import { webhookQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';

const idChars = 12;
export const shortId = (id: string): string => `…${id.slice(-idChars)}`;

/** Its name, or the end of its id. */
export const useWebhookName = (id: string): string => {
  const mayRead = useMay()('read_webhooks');
  const { data } = useQuery({ ...webhookNamesQuery(null), enabled: mayRead });
  const known = data?.names.get(id);
  // Read by itself only where there are too many to have them all.
  const isElsewhere = data !== undefined && known === undefined && !data.isWhole;
  const { data: webhook } = useQuery({ ...webhookQuery(id), refetchInterval: false, staleTime: 60_000, enabled: isElsewhere });
  return known ?? (webhook === undefined ? shortId(id) : nameOf(webhook));
};

export const WebhookLink = ({ id }: { readonly id: string }) => {
  const name = useWebhookName(id);
  const mayRead = useMay()('read_webhooks');
  if (!mayRead) return <span title={id}>{name}</span>;
  return (
    <Anchor component={Link} to={`/webhooks/${id}`} title={id} className="break-anywhere" inherit>
      {name}
    </Anchor>
  );
};
