export { type CatalogueEntry, eventTypeCatalogue } from './catalogue.js';
export { commerce } from './commerce/dialect.js';
export {
  listDocument,
  type Resource,
  type ResourceId,
  resourceDocument,
  type SparseFields,
  withLinkage,
  writeDocument,
} from './commerce/document.js';
export { type CallbackPlace, callbackIdOf, readCallbackId, type ShownCallback, showEventCallback } from './commerce/event-callback.js';
export { type CommerceQuery, readListQuery, readResourceQuery } from './commerce/query.js';
export type { CommerceResource, FieldOf } from './commerce/query-attributes.js';
export { type ShownVersion, showEventStore, showVersion } from './commerce/version.js';
export { cot } from './cot/dialect.js';
export type { Dialect, DialectName, DialectProblem, FromExport, Kept, Reading, ReadRules, ShownWebhook } from './dialect.js';
export type { Field } from './fields.js';
export { flat } from './flat/dialect.js';
export { flow } from './flow/dialect.js';
export {
  codeCharsMax,
  freeNames,
  type Names,
  nameCharsMax,
  type RenamedNames,
  type Renaming,
  rowsOf,
  type TakenNames,
} from './import-plan.js';
