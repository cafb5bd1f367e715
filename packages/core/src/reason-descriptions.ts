// What each reason means and what helps, for people: explain's answers, the console and the documents read this one table.
import type { Reason } from './reasons.js';

export type ReasonDescription = {
  readonly meaning: string;
  /** What somebody can do about it. */
  readonly whatHelps: string;
};

/** Of every reason, in the order of its code. */
export const reasonDescriptions: Readonly<Record<Reason, ReasonDescription>> = {
  tenant: {
    meaning: 'The event belongs to another tenant than the webhook.',
    whatHelps: 'Publish the event for the tenant of the webhook, or make a webhook for the tenant of the event.',
  },
  created_later: {
    meaning: 'The webhook was made after the event was accepted. A webhook gets what comes after it.',
    whatHelps: 'A replay with mode current makes the delivery for the webhooks of today.',
  },
  webhook_disabled: {
    meaning:
      'The webhook is disabled: by hand, because its endpoint said that it is gone (410), or because nothing succeeded for 120 hours.',
    whatHelps: 'Enable the webhook; then recover brings the skipped deliveries back.',
  },
  webhook_paused: {
    meaning: 'The webhook is paused. Its deliveries are held, and go out when it is resumed.',
    whatHelps: 'Resume the webhook.',
  },
  event_type: {
    meaning: 'The webhook does not want events of this type.',
    whatHelps: 'Add the type, or a pattern that matches it, to event_types. The types posthorn.* must be named.',
  },
  project_flow: {
    meaning: 'The webhook wants certain project flows, and the event has none of them.',
    whatHelps: 'Add the flow to project_flows, empty the list, or publish the event with that project_flow.',
  },
  context: {
    meaning: 'A field of the webhook\'s context is not what the event has in current_context. Types count: 1 is not "1".',
    whatHelps: 'Change that field of the context, or publish the event with the value that it asks for.',
  },
  filter: {
    meaning: "A clause of the webhook's filter does not hold for the event.",
    whatHelps: 'Change that clause of the filter. POST /v1/explain tries an event without publishing it.',
  },
  circuit_open: {
    meaning: 'The circuit of the webhook is not closed: too many attempts failed one after another. Its deliveries are held.',
    whatHelps: 'Repair the endpoint. The next probe closes the circuit by itself if it succeeds; reset-circuit closes it at once.',
  },
  rate_limited: {
    meaning: 'The webhook may not be called yet: its own rate limit is reached, or its endpoint asked for patience (429 with Retry-After).',
    whatHelps: 'Nothing has to be done, it goes out by itself. A larger rate_limit lets it go sooner.',
  },
  in_flight_limit: {
    meaning: 'The delivery is due, and others of the same webhook are before it: as many as its endpoint can take are under way.',
    whatHelps:
      'Nothing has to be done, it goes out by itself. An endpoint that answers faster, or a larger max_in_flight, lets it go sooner.',
  },
  retry_waiting: {
    meaning: 'The last attempt failed, and the next one is not due yet.',
    whatHelps: 'Nothing has to be done. A retry by hand makes it due now.',
  },
  exhausted: {
    meaning: 'Every attempt of the schedule failed.',
    whatHelps: 'Repair the endpoint; then retry the delivery by hand, recover the webhook, or replay.',
  },
  rejected: {
    meaning: 'The endpoint said that it is gone (410), so there is no further attempt. The webhook is disabled.',
    whatHelps: 'Correct the URL of the webhook, enable it, and retry the delivery or recover the webhook.',
  },
  blocked_address: {
    meaning: "Every attempt failed, and the last one was not made because the URL's name led to an address that may not be called.",
    whatHelps: 'Let the name lead to a public address, or allow the address with POSTHORN_EGRESS_ALLOW; then retry the delivery.',
  },
  webhook_deleted: {
    meaning: 'The webhook was deleted. What waited of it was cancelled; what comes afterwards is not delivered to it.',
    whatHelps: 'Make a new webhook; a replay with mode current delivers past events to it.',
  },
  cancelled_by_hand: {
    meaning: 'Somebody cancelled the delivery, or the replay that it belonged to.',
    whatHelps: 'Retry the delivery.',
  },
  expired: {
    meaning: 'The delivery still waited when the time for which events are kept was over.',
    whatHelps: 'Nothing: the event is about to be dropped. A longer POSTHORN_RETENTION_DAYS keeps the next ones.',
  },
  erased: {
    meaning: 'The content of the event was erased, so there is nothing left to deliver.',
    whatHelps: 'Publish the event again.',
  },
};
