// The one writer of a worker: collects what came back, and commits it in flushes, one at a time. One at a time is needed for
// correctness too: the result of a parked request must not overtake the insert that parked it.
//
// A flush that fails is sent again until it is through (it is idempotent); until then its results wait in memory. If Postgres refuses the
// values themselves, the flush is halved until the bad row is alone; that one is recorded without what the endpoint answered.

import { storedStatusCodes } from '@posthorn/core';
import type { ChunkReport, DeliveryRecord, FinishedDispatch, Flush, FlushedState } from '@posthorn/db';
import { limits } from './limits.js';

export type Recorder = {
  /** Records are committed in the order in which they are given. */
  readonly record: (record: DeliveryRecord) => void;
  /** The webhook's chunk is complete with the records given so far. */
  readonly report: (chunk: ChunkReport) => void;
  /** The dispatch is complete with the records given so far: it is deleted with or after the last of them. Resolves at the commit. */
  readonly finish: (dispatch: FinishedDispatch) => Promise<void>;
  /** Resolves when everything given so far is committed. */
  readonly drain: () => Promise<void>;
  /** What was given and is not committed yet. */
  readonly waiting: () => number;
};

export type RecorderDependencies = {
  readonly write: (flush: Flush) => Promise<readonly FlushedState[]>;
  readonly onStates: (states: readonly FlushedState[]) => void;
  readonly onFlushed: (rows: number, durationMs: number) => void;
  readonly onError: (error: unknown, rows: number) => void;
};

type Item =
  | { readonly kind: 'record'; readonly record: DeliveryRecord }
  | { readonly kind: 'report'; readonly chunk: ChunkReport }
  | { readonly kind: 'finish'; readonly dispatch: FinishedDispatch };
type Waiting = { readonly item: Item; readonly done: () => void };

const noop = (): void => undefined;
const wait = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

/** SQLSTATE classes 22 (data exception) and 23 (integrity): sending the same values again cannot help. */
const isRefusedValue = (error: unknown): boolean => /^2[23]/.test(String((error as { code?: unknown }).code ?? ''));

/** What of a refused record can still be stored: first without what the endpoint answered, then as a delivery that is due again. */
const lessOf = (record: DeliveryRecord): DeliveryRecord | null => {
  const { sent } = record;
  if (sent === null) return null;
  const answer = { responseHeaders: null, responseBody: null };
  if (sent.requestHeaders !== '')
    return { ...record, sent: { ...sent, ...answer, error: 'the answer could not be stored', requestHeaders: '' } };
  return { ...record, sent: null, status: storedStatusCodes.waiting, reason: null, dueInMs: limits.unstorableRetryMs, out: false };
};

const flushOf = (items: readonly Item[]): Flush => {
  const records: DeliveryRecord[] = [];
  const reports: ChunkReport[] = [];
  const finished: FinishedDispatch[] = [];
  for (const item of items) {
    if (item.kind === 'record') records.push(item.record);
    else if (item.kind === 'report') reports.push(item.chunk);
    else finished.push(item.dispatch);
  }
  return { records, reports, finished };
};

export const createRecorder = (dependencies: RecorderDependencies): Recorder => {
  let waiting: Waiting[] = [];
  let writing = false;
  let timer: NodeJS.Timeout | undefined;
  let idle: (() => void)[] = [];
  let beingWritten = 0;

  const write = async (items: readonly Item[]): Promise<void> => {
    for (;;) {
      const began = performance.now();
      try {
        dependencies.onStates(await dependencies.write(flushOf(items)));
        dependencies.onFlushed(items.length, performance.now() - began);
        return;
      } catch (error) {
        dependencies.onError(error, items.length);
        if (isRefusedValue(error)) return isolate(items);
        await wait(limits.flushRetryMs);
      }
    }
  };

  const isolate = async (items: readonly Item[]): Promise<void> => {
    const [only] = items;
    if (items.length > 1) {
      const half = Math.ceil(items.length / 2);
      await write(items.slice(0, half));
      await write(items.slice(half));
    } else if (only?.kind === 'record') {
      const less = lessOf(only.record);
      if (less !== null) return write([{ kind: 'record', record: less }]);
      // Not even its bare facts: its event has left with its partition, so there is nothing left to keep. It was reported above.
    }
  };

  const flush = async (): Promise<void> => {
    if (writing) return;
    writing = true;
    clearTimeout(timer);
    timer = undefined;
    // What was given last waits for more only while nothing is being written.
    while (waiting.length > 0) {
      const batch = waiting.length > limits.flushRowsMax ? waiting.splice(0, limits.flushRowsMax) : waiting;
      if (batch === waiting) waiting = [];
      beingWritten = batch.length;
      await write(batch.map((each) => each.item));
      beingWritten = 0;
      for (const each of batch) each.done();
      if (waiting.length < limits.flushRowsStart && waiting.length > 0) break;
    }
    writing = false;
    if (waiting.length > 0) flushSoon();
    else {
      for (const resolve of idle) resolve();
      idle = [];
    }
  };

  const flushSoon = (): void => {
    if (writing) return;
    if (waiting.length >= limits.flushRowsStart) void flush();
    else timer ??= setTimeout(() => void flush(), limits.flushAfterMs);
  };

  const give = (item: Item, done: () => void): void => {
    waiting.push({ item, done });
    flushSoon();
  };

  return {
    record: (record) => give({ kind: 'record', record }, noop),
    report: (chunk) => give({ kind: 'report', chunk }, noop),
    finish: (dispatch) => new Promise((resolve) => give({ kind: 'finish', dispatch }, resolve)),
    drain: () => (writing || waiting.length > 0 ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
    waiting: () => waiting.length + beingWritten,
  };
};
