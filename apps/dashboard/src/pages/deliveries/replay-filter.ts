// What a list of deliveries shows, as the filter of a replay; or why a replay cannot have it.
import type { NewReplay } from '../../api/event-queries.js';
import type { Filters } from '../../api/queries.js';

export type ReplayFilter = NewReplay['filter'];
export type Wanted = { readonly filter: ReplayFilter } | { readonly obstacle: string };

const ended = ['failed', 'skipped', 'cancelled'] as const;
const endedStatuses: readonly string[] = [...ended, 'succeeded'];
const gateReasons: readonly string[] = ['webhook_paused', 'circuit_open'];

/** @param nowIso RFC 3339: what is newer is not replayed, so that what was counted is what is done */
export const replayFilterOf = (filters: Filters, nowIso: string): Wanted => {
  const { status, webhook_id, event_id, replay_id, tenant, event_type, reason, status_code, error_kind } = filters;
  const { 'created_at[gte]': from, 'created_at[lt]': to } = filters;
  if (reason !== undefined && gateReasons.includes(reason))
    return { obstacle: 'Deliveries that are held go out by themselves once the webhook is resumed or its circuit closes.' };
  if (status !== undefined && !endedStatuses.includes(status))
    return { obstacle: `Deliveries that are ${status} go out by themselves: choose a status that has ended.` };
  if ([webhook_id, event_id, replay_id, event_type, from].every((value) => value === undefined))
    return {
      obstacle: 'Choose a webhook, an event, an event type or a time first: all deliveries there are is more than one wants to retry.',
    };
  const filter = {
    ...(webhook_id !== undefined && { webhook_id }),
    ...(event_id !== undefined && { event_id }),
    ...(replay_id !== undefined && { replay_id }),
    ...(tenant !== undefined && { tenant }),
    ...(event_type !== undefined && { event_type }),
    // Without one, not those that have arrived.
    status: status === undefined ? [...ended] : [status],
    ...(reason !== undefined && { reason }),
    ...(status_code !== undefined && { status_code }),
    ...(error_kind !== undefined && { error_kind }),
    ...(from !== undefined && { from }),
    to: to !== undefined && to < nowIso ? to : nowIso,
  };
  // The API judges what stands in a URL, whoever wrote it there.
  return { filter: filter as ReplayFilter };
};

/** The filter in words, name by name. */
export const filterWords = (filter: Readonly<Record<string, unknown>>): string =>
  Object.entries(filter)
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${Array.isArray(value) ? value.join(', ') : String(value)}`)
    .join(' · ');
