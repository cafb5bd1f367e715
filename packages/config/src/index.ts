export { type Config, type Environment, readConfig, type VariableName, variables } from './config.js';
export {
  type ExplainedConfig,
  type ExplainedVariable,
  explainConfig,
  findUnknownVariables,
  meaningOf,
  type UnknownVariable,
  unknownLine,
} from './explain.js';
export { isNetworkWithPort, listOf } from './network-lists.js';
export { ConfigError, type ConfigProblem, problemLine } from './problem.js';
export { exampleOf, valuesOf } from './rules.js';
export { type VariableFacts, variableFacts } from './variable-facts.js';
