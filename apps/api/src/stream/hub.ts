// The live messages of one API process: listened to while somebody looks and a while after, kept for those who come back after a break, and handed on.
import type { KeyOwner, LiveMessage } from '@posthorn/db';
import { reachOf } from '../access.js';
import { limits } from '../limits.js';

/** A message with its place in this process's order. */
export type Numbered = { readonly id: string; readonly message: LiveMessage };

export type Subscriber = {
  readonly owner: KeyOwner;
  readonly wants: (message: LiveMessage) => boolean;
  readonly push: (numbered: Numbered) => void;
  /** What was missed cannot be told: everything that is shown has to be read again. */
  readonly reset: (id: string) => void;
  /** The process stops. */
  readonly end: () => void;
};

export type StreamHub = {
  /** Begins after `lastId`, if that is known here; returns how to leave. */
  readonly subscribe: (subscriber: Subscriber, lastId: string | undefined) => () => void;
  readonly subscribers: () => number;
  readonly stop: () => Promise<void>;
};

export type HubDependencies = {
  /** Starts listening; called when the first one looks. */
  readonly listen: (onMessages: (messages: readonly LiveMessage[]) => void, onGap: () => void) => { readonly stop: () => Promise<void> };
  /** Names this process in ids: those of another mean nothing here. */
  readonly processId: string;
};

const inReach = ({ owner }: Subscriber, message: LiveMessage): boolean => {
  const { environmentId, tenantId } = reachOf(owner);
  return message.environment_id === environmentId && (tenantId === null || message.tenant_id === null || message.tenant_id === tenantId);
};

export const createStreamHub = ({ listen, processId }: HubDependencies): StreamHub => {
  const subscribers = new Set<Subscriber>();
  let kept: Numbered[] = [];
  let count = 0;
  let listening: { readonly stop: () => Promise<void> } | undefined;
  let lingering: NodeJS.Timeout | undefined;

  const hand = (subscriber: Subscriber, numbered: Numbered): void => {
    if (inReach(subscriber, numbered.message) && subscriber.wants(numbered.message)) subscriber.push(numbered);
  };
  const lastId = (): string => `${processId}.${count}`;
  const onMessages = (messages: readonly LiveMessage[]): void => {
    for (const message of messages) {
      count += 1;
      const numbered = { id: lastId(), message };
      kept.push(numbered);
      for (const subscriber of subscribers) hand(subscriber, numbered);
    }
    // In steps: cutting at every message would copy all of them each time.
    if (kept.length > 2 * limits.streamKeptMessages) kept = kept.slice(-limits.streamKeptMessages);
  };
  const onGap = (): void => {
    kept = [];
    for (const subscriber of subscribers) subscriber.reset(lastId());
  };
  const stopListening = async (): Promise<void> => {
    clearTimeout(lingering);
    const stopping = listening?.stop();
    listening = undefined;
    kept = [];
    // What is told from now on is not heard, so no id of before is known any more.
    count += 1;
    await stopping;
  };
  const resume = (subscriber: Subscriber, id: string): void => {
    const number = id.startsWith(`${processId}.`) ? Number(id.slice(processId.length + 1)) : Number.NaN;
    const oldest = count - kept.length;
    if (!(number >= oldest && number <= count)) subscriber.reset(lastId());
    else for (const numbered of kept.slice(number - oldest)) hand(subscriber, numbered);
  };

  return {
    subscribe: (subscriber, id) => {
      clearTimeout(lingering);
      listening ??= listen(onMessages, onGap);
      if (id !== undefined) resume(subscriber, id);
      subscribers.add(subscriber);
      return () => {
        subscribers.delete(subscriber);
        if (subscribers.size === 0) lingering = setTimeout(() => void stopListening(), limits.streamLingerMs);
      };
    },
    subscribers: () => subscribers.size,
    stop: async () => {
      for (const subscriber of subscribers) subscriber.end();
      subscribers.clear();
      await stopListening();
    },
  };
};
