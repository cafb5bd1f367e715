// What is wrong with a configuration, and what puts it right. No value is ever repeated: it may be a secret.

export type ConfigProblem = {
  readonly variable: string;
  /** What it must be. */
  readonly problem: string;
  /** What to set, with an example. */
  readonly fix: string;
};

/** `VARIABLE must be …: what to set`. */
export const problemLine = ({ variable, problem, fix }: ConfigProblem): string => `${variable} ${problem}: ${fix}`;

/** Everything that is wrong with the environment, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(readonly details: readonly ConfigProblem[]) {
    const problems = details.map(problemLine);
    super(`the configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}
