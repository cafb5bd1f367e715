// What was published against what arrived, by event id. A delivery may arrive before the answer to its publication has: it waits here
// until its id is known. Reads no clock; times are ms of one monotonic clock.
import { envelopeFault } from './envelope-check.js';
import type { ExampleEvent } from './examples.js';
import { type LatencySummary, summariseLatencies } from './latency-summary.js';

/** A request that arrived; `signatureFault` is null if the signature verified. */
export type Receipt = { readonly id: string; readonly body: Buffer; readonly signatureFault: string | null; readonly atMs: number };

export type DemoSummary = {
  readonly published: number;
  /** Published events that arrived at least once. */
  readonly delivered: number;
  /** Of these, those with a right signature, envelope and data at every arrival. */
  readonly verified: number;
  /** Arrivals beyond the first. */
  readonly duplicates: number;
  /** Arrivals of events that were not published here. */
  readonly strangers: number;
  /** Delivered, from the first publication to the last first arrival. */
  readonly eventsPerS: number;
  /** From the beginning of the publication to the first arrival, in full. Null: nothing was delivered. */
  readonly latency: LatencySummary | null;
  /** The first faults, a line each. */
  readonly faults: readonly string[];
};

export type Ledger = {
  /** `startedMs` is when the request to publish was begun, `id` what it was answered with. */
  published(id: string, event: ExampleEvent, startedMs: number): void;
  received(receipt: Receipt): void;
  /** Published events that have arrived. */
  deliveredCount(): number;
  summary(): DemoSummary;
};

const faultsKeptMax = 5;
type Publication = {
  readonly event: ExampleEvent;
  readonly startedMs: number;
  arrivedMs: number | null;
  arrivals: number;
  faulty: boolean;
};

export function createLedger(): Ledger {
  const publications = new Map<string, Publication>();
  const early = new Map<string, Receipt[]>();
  const faults: string[] = [];
  let delivered = 0;

  const settle = (publication: Publication, receipt: Receipt): void => {
    publication.arrivals++;
    if (publication.arrivedMs === null) {
      publication.arrivedMs = receipt.atMs;
      delivered++;
    }
    const fault = receipt.signatureFault ?? envelopeFault(receipt.body, publication.event);
    if (fault === null) return;
    publication.faulty = true;
    if (faults.length < faultsKeptMax) faults.push(`${publication.event.eventType} ${receipt.id}: ${fault}`);
  };
  return {
    published: (id, event, startedMs) => {
      const publication = { event, startedMs, arrivedMs: null, arrivals: 0, faulty: false };
      publications.set(id, publication);
      for (const receipt of early.get(id) ?? []) settle(publication, receipt);
      early.delete(id);
    },
    received: (receipt) => {
      const publication = publications.get(receipt.id);
      if (publication !== undefined) settle(publication, receipt);
      else early.set(receipt.id, [...(early.get(receipt.id) ?? []), receipt]);
    },
    deliveredCount: () => delivered,
    summary: () => summarise([...publications.values()], [...early.values()].flat().length, faults),
  };
}

function summarise(publications: readonly Publication[], strangers: number, faults: readonly string[]): DemoSummary {
  const delivered = publications.filter(({ arrivedMs }) => arrivedMs !== null);
  const firstMs = publications.reduce((first, { startedMs }) => Math.min(first, startedMs), Number.POSITIVE_INFINITY);
  const lastMs = delivered.reduce((last, { arrivedMs }) => Math.max(last, arrivedMs!), Number.NEGATIVE_INFINITY);
  return {
    published: publications.length,
    delivered: delivered.length,
    verified: delivered.filter(({ faulty }) => !faulty).length,
    duplicates: delivered.reduce((sum, { arrivals }) => sum + arrivals - 1, 0),
    strangers,
    eventsPerS: delivered.length === 0 ? 0 : delivered.length / Math.max((lastMs - firstMs) / 1000, 0.001),
    latency: summariseLatencies(delivered.map(({ startedMs, arrivedMs }) => arrivedMs! - startedMs)),
    faults,
  };
}
