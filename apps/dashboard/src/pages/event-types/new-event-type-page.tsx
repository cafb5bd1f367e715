// A new event type.
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { api, asText, take } from '../../api/client.js';
import { Needs } from '../../shared/needs.js';
import { PageHeader } from '../../shared/page-header.js';
import { EventTypeForm } from './event-type-form.js';
import { eventTypePath } from './event-type-path.js';
import { bodyOf, type EventTypeValues, emptyEventType } from './event-type-values.js';

export const NewEventTypePage = () => {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = async (values: EventTypeValues) => {
    const name = values.name.trim();
    await take(api.POST('/v1/event-types', asText(bodyOf(values, emptyEventType, name) ?? '{}')));
    await queries.invalidateQueries({ queryKey: ['event-types'] });
    await navigate(eventTypePath(name));
  };
  return (
    <>
      <PageHeader title="Create event type" />
      <Needs permission="administer" what="create event types">
        <EventTypeForm initial={emptyEventType} isNew onSubmit={create} onCancel={() => navigate('/event-types')} />
      </Needs>
    </>
  );
};
