// What explain is given: the event, the webhook as it was configured then, what its state was then, and the delivery if there is one. Times are
// Unix milliseconds.
import type { MatchableEvent, MatchableWebhook } from './match.js';
import type { Reason } from './reasons.js';
import type { CircuitState, ErrorKind, StoredStatus } from './statuses.js';

/** `acceptedAtMs` is null of an event that does not exist (a dry run). */
export type ExplainedEvent = MatchableEvent & {
  readonly tenant: string;
  readonly acceptedAtMs: number | null;
  readonly isErased: boolean;
};

/** A version of the webhook's configuration, in force since `atMs`. `fromHistory`: it is a snapshot, not the present one. */
export type ExplainedVersion = {
  readonly webhook: MatchableWebhook;
  readonly version: number;
  readonly atMs: number;
  readonly fromHistory: boolean;
};

export type ExplainedCircuit = {
  readonly state: CircuitState;
  readonly failureCount: number;
  readonly openedAtMs: number | null;
  /** Of the next probe; null: a person has to reset it, or it is not known. */
  readonly retryAtMs: number | null;
};

/** The webhook's state at the time that is explained. */
export type ExplainedState = {
  readonly deletedAtMs: number | null;
  readonly disabled: { readonly atMs: number; readonly reason: string | null } | null;
  readonly pausedAtMs: number | null;
  readonly circuit: ExplainedCircuit;
  /** In the future: its endpoint asked (429 with `Retry-After`) that nothing be sent before. */
  readonly holdUntilMs: number | null;
  /** In the future: its rate limit leaves no room before. */
  readonly rateFullUntilMs: number | null;
  readonly rateLimit: { readonly max: number; readonly perSeconds: number } | null;
  readonly maxInFlight: number;
  /** How many of its deliveries are due before this one, at most `aheadMax`; and whether some are under way that the others wait for. */
  readonly ahead: number;
  readonly isChunkOut: boolean;
};

/** How far deliveries that are due before another are counted. */
export const aheadMax = 1000;

export type ExplainedDelivery = {
  readonly status: StoredStatus;
  readonly reason: Reason | null;
  /** A request is under way, or about to be: its lease holds. */
  readonly isOut: boolean;
  readonly dueAtMs: number | null;
  /** Requests made; how many of its present schedule failed, and how many that schedule has. */
  readonly attempts: number;
  readonly failures: number;
  readonly attemptsMax: number;
  readonly lastStatusCode: number | null;
  readonly lastErrorKind: ErrorKind | null;
  readonly lastError: string | null;
  readonly endedAtMs: number | null;
};

export type ExplainFacts = {
  readonly nowMs: number;
  readonly event: ExplainedEvent;
  /** `none`: a dry run. `waiting`: its dispatch is on its way. */
  readonly fanOut: 'none' | 'waiting' | 'done';
  readonly webhook: {
    readonly tenant: string;
    readonly createdAtMs: number;
    /** Made after the event was accepted, to the microsecond. */
    readonly isCreatedLater: boolean;
  };
  /** What the event may have been matched against: first the version at its acceptance, then those that followed it. At least one. */
  readonly versions: readonly [ExplainedVersion, ...(readonly ExplainedVersion[])];
  readonly state: ExplainedState;
  readonly delivery: ExplainedDelivery | null;
};
