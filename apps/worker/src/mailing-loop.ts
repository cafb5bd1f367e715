// The two loops of a worker's mailroom. One closes what is due and makes mails of it, the other hands mails to the mail server; a server that hangs holds up the
// second alone. Both run in every worker: Postgres says who composes now, and who has which mail.
import type { Composed, MailResult, TakenMail } from '@posthorn/db';
import { limits } from './limits.js';
import { createLoop, type Loop } from './loop.js';

const bounds = limits.mailing;

/** Stopped, it takes no mail more, and ends when those under way have ended and are marked. */
export type Mailing = Loop;

export type MailingDependencies = {
  /** What could be composed now. */
  readonly findWork: () => Promise<{ readonly notifications: boolean; readonly digests: boolean }>;
  readonly composeMails: () => Promise<Composed>;
  readonly composeDigests: () => Promise<Composed>;
  /** Begins digests of webhooks that want them since lately; returns of how many. */
  readonly enrolDigests: () => Promise<number>;
  /** One step of taking away what is older than is kept; true: there may be more. */
  readonly expire: () => Promise<boolean>;
  /** Mails that are this worker's to send now; none if it has no mail server. */
  readonly takeMails: () => Promise<readonly TakenMail[]>;
  readonly send: (mail: TakenMail) => Promise<MailResult>;
  readonly mark: (mail: TakenMail, result: MailResult) => Promise<void>;
  readonly onError: (error: unknown) => void;
};

/** @param roundMs how long a loop rests that found nothing; @param enrolMs how often it is looked who wants digests */
export type MailingPace = { readonly roundMs: number; readonly enrolMs: number };

export const createMailing = (dependencies: MailingDependencies, { roundMs, enrolMs }: MailingPace): Mailing => {
  const { onError } = dependencies;
  let enrolAt = performance.now();
  let expireAt = performance.now() + bounds.expireEveryMs;

  const composed = async (compose: () => Promise<Composed>): Promise<boolean> => {
    const { more, errors } = await compose();
    for (const error of errors) onError(error);
    return more;
  };

  const compose = async (): Promise<boolean> => {
    const now = performance.now();
    if (now >= enrolAt) {
      enrolAt = now + enrolMs;
      if ((await dependencies.enrolDigests()) > 0) enrolAt = now;
    }
    const { notifications, digests } = await dependencies.findWork();
    let more = false;
    if (notifications) more = await composed(dependencies.composeMails);
    if (digests) more = (await composed(dependencies.composeDigests)) || more;
    if (now >= expireAt) {
      expireAt = now + bounds.expireEveryMs;
      if (await dependencies.expire()) expireAt = now;
    }
    return more;
  };

  const sendOne = async (mail: TakenMail): Promise<void> => {
    // What is not marked is sent again once its lease is over: that is told, and holds up no other mail.
    await dependencies.mark(mail, await dependencies.send(mail)).catch(onError);
  };
  const send = async (): Promise<boolean> => {
    const mails = await dependencies.takeMails();
    await Promise.all(mails.map(sendOne));
    return mails.length > 0;
  };

  const loops = [compose, send].map((round) => createLoop({ round, restMs: () => roundMs, onError }));
  return {
    start: () => {
      for (const loop of loops) loop.start();
    },
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
};
