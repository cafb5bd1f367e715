export { type HealthServer, startHealthServer } from './health-server.js';
export { createWorker, type Worker, type WorkerOptions } from './worker.js';
