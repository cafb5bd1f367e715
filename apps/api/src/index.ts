export { limits as apiLimits } from './limits.js';
export { createOpenapiDocument } from './openapi-document.js';
export { type Api, type ApiOptions, createApi } from './server.js';
