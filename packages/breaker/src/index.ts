export { type BreakerRegistry, type CircuitState, createBreakerRegistry, type Gated } from './breaker-registry.js';
