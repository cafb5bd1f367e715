export { type Config, ConfigError, readConfig, variables } from './config.js';
