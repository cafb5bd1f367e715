export { type EventuallyOptions, eventually } from './eventually.js';
export { freePort } from './free-port.js';
export { createTestDatabase, startTestPostgres, type TestDatabase, type TestPostgres } from './postgres-server.js';
export { type ProcessEnd, type ProcessOptions, type StartedProcess, startProcess } from './process.js';
export { type Answer, type Received, type Receiver, type ReceiverOptions, type Script, startReceiver } from './receiver.js';
export { findRedisServer } from './redis-binary.js';
export { type RedisOptions, type RedisServer, startRedis } from './redis-server.js';
export { makeTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';
