// An answer in time: for health checks, which must say something soon whatever they ask.

/** How long is waited for an answer, and how old the last one may be that stands in for it. */
export type TimelyOptions = { readonly withinMs: number; readonly freshMs: number };

/**
 * Makes a question that is answered within `withinMs`: by its answer; or, where that takes longer, by the last one that is no older than `freshMs`, so that a
 * process with much to do does not count as one whose servers are gone. Rejects as the question does, or when there is no such answer. One that is late
 * is not asked again until `freshMs` later.
 */
export const createTimely = <T>(ask: () => Promise<T>, { withinMs, freshMs }: TimelyOptions): (() => Promise<T>) => {
  let last: { readonly answer: T; readonly at: number } | null = null;
  let asked: { readonly question: Promise<T>; readonly at: number } | null = null;
  const begin = (): NonNullable<typeof asked> => {
    // Async, so that a question that throws at once is a rejection like any other.
    const begun = { question: (async () => ask())(), at: performance.now() };
    const end = (): void => {
      if (asked === begun) asked = null;
    };
    begun.question.then(
      (answer) => {
        last = { answer, at: performance.now() };
        end();
      },
      () => {
        last = null;
        end();
      },
    );
    return begun;
  };
  /** One that nobody has answered for long is given up: its connection may be dead without knowing. */
  const isGivenUp = (): boolean => asked !== null && performance.now() - asked.at > freshMs;
  return () => {
    if (asked === null || isGivenUp()) asked = begin();
    const { question } = asked;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => {
        if (last !== null && performance.now() - last.at <= freshMs) resolve(last.answer);
        else reject(new Error(`no answer within ${withinMs} ms`));
      }, withinMs);
    });
    return Promise.race([question, late]).finally(() => clearTimeout(timer));
  };
};
