export { type CatalogueEntry, eventTypeCatalogue } from './catalogue.js';
export { commerce } from './commerce/dialect.js';
export { cot } from './cot/dialect.js';
export type { Dialect, DialectName, DialectProblem, Kept, Reading, ReadRules, ShownWebhook } from './dialect.js';
export { flat } from './flat/dialect.js';
export { flow } from './flow/dialect.js';
