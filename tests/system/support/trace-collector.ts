// A collector of OpenTelemetry: a receiver that understands OTLP over HTTP as JSON.
import { type Receiver, startReceiver } from '@posthorn/testkit';

export type CollectedSpan = {
  readonly name: string;
  readonly kind: 'server' | 'client' | 'producer' | 'consumer';
  readonly role: unknown;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it begins its trace. */
  readonly parentSpanId: string;
  /** `traceId spanId` */
  readonly links: readonly string[];
  readonly isFailed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
};

export type TraceCollector = Pick<Receiver, 'origin' | 'stop' | 'received'> & { readonly spans: () => readonly CollectedSpan[] };

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
type Sent = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
        readonly status?: { readonly code?: number };
        readonly attributes: readonly Attribute[];
      }[];
    }[];
  }[];
};

const kinds = { 2: 'server', 3: 'client', 4: 'producer', 5: 'consumer' } as const;
const valuesOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const spansOf = (body: Buffer): readonly CollectedSpan[] =>
  (JSON.parse(body.toString()) as Sent).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, kind, traceId, spanId, parentSpanId = '', links = [], status, attributes }) => ({
        ...{ name, traceId, spanId, parentSpanId },
        kind: kinds[kind as keyof typeof kinds],
        role: valuesOf(resource.attributes)['posthorn.role'],
        links: links.map((link) => `${link.traceId} ${link.spanId}`),
        isFailed: status?.code === 2,
        attributes: valuesOf(attributes),
      })),
    ),
  );

export const startTraceCollector = async (): Promise<TraceCollector> => {
  const receiver = await startReceiver({ answer: { headers: { 'content-type': 'application/json' }, body: '{}' } });
  const { origin, stop, received } = receiver;
  const spans = () => received.filter(({ path }) => path === '/v1/traces').flatMap(({ body }) => spansOf(body));
  return { origin, stop, received, spans };
};
