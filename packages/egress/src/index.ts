// The one seam through which Posthorn calls out: every request to somebody else's server goes through `Egress.send`.
export type { AddressRule } from './address-verdict.js';
export { type AllowList, emptyAllowList, loopbackAllowValue, type ParsedAllowList, parseAllowList } from './allow-list.js';
export { createEgress, type Egress, type EgressOptions, type EgressRequest } from './egress.js';
export type { ErrorOutcome, Outcome, Phases, ResponseOutcome, UnsentOutcome } from './outcome.js';
export type { Resolve } from './resolver.js';
export { egressAllowVariable, type UrlRule, type UrlVerdict } from './url-guard.js';
