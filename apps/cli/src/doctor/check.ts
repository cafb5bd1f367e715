// What the doctor finds, as data: a check has a name, a verdict, a sentence, and what puts it right. Nothing secret stands in it.

/** `warning`: it works, but somebody should look. `problem`: it does not work, or something will be lost. */
export type Verdict = 'ok' | 'warning' | 'problem';

export type Check = {
  /** Short and stable, for programs: `postgres schema`. */
  readonly name: string;
  readonly verdict: Verdict;
  /** One sentence, for people. */
  readonly sentence: string;
  /** What to do; null: nothing. */
  readonly fix: string | null;
};

export const ok = (name: string, sentence: string): Check => ({ name, verdict: 'ok', sentence, fix: null });
export const warning = (name: string, sentence: string, fix: string): Check => ({ name, verdict: 'warning', sentence, fix });
export const problem = (name: string, sentence: string, fix: string): Check => ({ name, verdict: 'problem', sentence, fix });

/** Says of anything thrown what happened, in one line without secrets. */
export type ErrorWords = (error: unknown) => string;

/** A look: what it finds, or a problem under its name if it throws or takes longer than `lookMs`. Never rejects. */
export const lookWithin = async (
  look: { readonly name: string; readonly fix: string; readonly lookMs: number },
  words: ErrorWords,
  find: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${look.lookMs / 1_000} s`)), look.lookMs);
  });
  try {
    return await Promise.race([find(), late]);
  } catch (error) {
    return [problem(look.name, words(error), look.fix)];
  } finally {
    clearTimeout(timer);
  }
};

/** Whether everything works: warnings do. */
export const isWell = (checks: readonly Check[]): boolean => checks.every(({ verdict }) => verdict !== 'problem');
