// The client of the Posthorn API, and the receiver's side of its signatures.
export type { Call, ListPath, Schema } from './calls.js';
export { type Client, type ClientOptions, createClient, type Published, type PublishOptions } from './client.js';
export {
  type ExplainableRequest,
  explainSignature,
  type SignatureExplanation,
  type SignatureFault,
  type SignedPart,
} from './explain-signature.js';
export type { components, paths } from './generated/api.js';
export { type FieldError, PosthornError, type PosthornErrorCode } from './posthorn-error.js';
export { type EventToPublish, type JsonText, jsonText } from './publication.js';
export { type ReceivedHeaders, toleranceDefaultS } from './signature-parts.js';
export { type VerifyFailure, type VerifyOptions, type VerifyResult, verify } from './verify.js';
