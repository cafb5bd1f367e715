export { createOpenapiDocument } from './openapi-document.js';
export { type Api, type ApiOptions, createApi } from './server.js';
