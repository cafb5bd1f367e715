// The configuration as it was computed, variable by variable, also where it is wrong: for people. Nothing secret stands in it.
import { closest, distance } from 'fastest-levenshtein';
import { type Config, type Environment, givenVariables, readConfig, readShapes, type VariableName, variables } from './config.js';
import { ConfigError, type ConfigProblem } from './problem.js';
import { redactedUrl } from './urls.js';
import { variableFacts } from './variable-facts.js';

export type ExplainedVariable = {
  readonly variable: VariableName;
  /** What is used, secrets hidden; null: nothing. */
  readonly value: string | null;
  /** `derived`: from other variables, or made when it is needed. */
  readonly from: 'set' | 'default' | 'derived' | 'unset';
  readonly meaning: string;
};

export type ExplainedConfig = {
  readonly variables: readonly ExplainedVariable[];
  /** Everything that is wrong; empty: it can be used. */
  readonly problems: readonly ConfigProblem[];
  /** Variables that are set, look like ours and are not. */
  readonly unknown: readonly UnknownVariable[];
};

export type UnknownVariable = {
  readonly variable: string;
  /** What may be meant; null: nothing is near. */
  readonly nearest: VariableName | null;
};

const names = Object.keys(variables.properties) as VariableName[];
const hidden = '(hidden)';
/** Letters that may be wrong in a name for it to be taken for another one. */
const nearDistanceMax = 6;
/** Of the tests of this program. */
const foreign = /^POSTHORN_(TEST|FUZZ)_/;

/** Names that begin with POSTHORN_ and are none of ours. */
export const findUnknownVariables = (environment: Environment = process.env): readonly UnknownVariable[] =>
  Object.keys(environment)
    .filter((name) => name.startsWith('POSTHORN_') && !foreign.test(name) && !(name in variables.properties))
    .sort()
    .map((variable) => {
      const nearest = closest(variable, names) as VariableName;
      return { variable, nearest: distance(variable, nearest) <= nearDistanceMax ? nearest : null };
    });

/** `POSTHORN_X is not a variable: do you mean POSTHORN_Y?` */
export const unknownLine = ({ variable, nearest }: UnknownVariable): string =>
  `${variable} is not a variable of Posthorn and changes nothing${nearest === null ? '' : `: do you mean ${nearest}?`}`;

/** What a variable means. */
export const meaningOf = (variable: VariableName): string =>
  (variables.properties as unknown as Readonly<Record<VariableName, { readonly description: string }>>)[variable].description;

const shown = (variable: VariableName, value: string): string => {
  const { visibility } = variableFacts[variable];
  if (visibility === 'secret') return hidden;
  return visibility === 'url' ? redactedUrl(value) : value;
};

/** What follows from the others where a variable is not set. */
const derived: Readonly<Partial<Record<VariableName, (config: Config) => string | null>>> = {
  POSTHORN_PUBLIC_URL: (config) => config.publicUrl,
  POSTHORN_DATABASE_DIRECT_URL: (config) => config.databaseDirectUrl,
  POSTHORN_QUEUE: (config) => (config.redisUrl === null ? 'postgres' : 'redis'),
  POSTHORN_MAIL_FROM: (config) => config.mailFrom,
};

const tryReading = (environment: Environment): { readonly config: Config | null; readonly problems: readonly ConfigProblem[] } => {
  try {
    return { config: readConfig(environment), problems: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { config: null, problems: error.details };
    throw error;
  }
};

/** Explains the environment, whether or not it can be used; never throws for what stands in it. */
export const explainConfig = (environment: Environment = process.env): ExplainedConfig => {
  const given = givenVariables(environment);
  const { config, problems } = tryReading(environment);
  const defaults = readShapes({}).read as Readonly<Record<string, unknown>>;
  const explained = names.map((variable): ExplainedVariable => {
    const meaning = meaningOf(variable);
    const set = given[variable];
    if (set !== undefined) return { variable, value: shown(variable, set), from: 'set', meaning };
    const standard = defaults[variable];
    if (standard !== undefined) return { variable, value: String(standard), from: 'default', meaning };
    const value = config === null ? null : (derived[variable]?.(config) ?? null);
    if (value !== null) return { variable, value: shown(variable, value), from: 'derived', meaning };
    return { variable, value: null, from: 'unset', meaning };
  });
  return { variables: explained, problems, unknown: findUnknownVariables(environment) };
};
