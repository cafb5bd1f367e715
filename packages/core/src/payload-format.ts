// Bodies that go out, put together as text: what the producer sent is never parsed and written again.
import { formatRfc3339 } from './rfc3339.js';

/**
 * The body of format `envelope`: exactly these four members in this order.
 * `data` and `currentContext` are JSON text, placed as they are; `eventTimeMs` is Unix milliseconds.
 */
export function envelope(event: {
  readonly eventTimeMs: number;
  readonly eventType: string;
  readonly currentContext: string | null;
  readonly data: string;
}): string {
  return `{"event_time":"${formatRfc3339(event.eventTimeMs)}","event_type":${JSON.stringify(event.eventType)},"current_context":${event.currentContext ?? 'null'},"data":${event.data}}`;
}
