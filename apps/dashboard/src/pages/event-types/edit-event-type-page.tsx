// Changes to an event type.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { type EventTypeWithTexts, eventTypeQuery } from '../../api/admin-queries.js';
import { api, asText, take } from '../../api/client.js';
import { Needs } from '../../shared/needs.js';
import { PageHeader } from '../../shared/page-header.js';
import { ErrorState, Loading } from '../../shared/states.js';
import { EventTypeForm } from './event-type-form.js';
import { eventTypePath } from './event-type-path.js';
import { bodyOf, type EventTypeValues, valuesOf } from './event-type-values.js';

export const EditEventTypePage = () => {
  const { name = '' } = useParams();
  const { data, error, refetch } = useQuery(eventTypeQuery(name));
  return (
    <>
      <PageHeader title={`Edit ${name}`} />
      <Needs permission="administer" what="change event types">
        {data !== undefined && <Editing first={data} />}
        {data === undefined && (error === null ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />)}
      </Needs>
    </>
  );
};

/** What is edited is what the page was opened with, whatever is read meanwhile. */
const Editing = ({ first }: { readonly first: EventTypeWithTexts }) => {
  const [before] = useState(() => valuesOf(first));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const path = eventTypePath(before.name);
  const save = async (values: EventTypeValues) => {
    const body = bodyOf(values, before);
    if (body !== null) await take(api.PATCH('/v1/event-types/{name}', { params: { path: { name: before.name } }, ...asText(body) }));
    await queries.invalidateQueries({ queryKey: ['event-types'] });
    await navigate(path);
  };
  return <EventTypeForm initial={before} isNew={false} onSubmit={save} onCancel={() => navigate(path)} />;
};
