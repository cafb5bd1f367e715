// Every queue, job and option, and what processes count together; nothing else knows that there is BullMQ or Redis.
export { migrateQueue, type QueueLocation } from './backend.js';
export { type ConsumerOptions, createQueueConsumer, type QueueConsumer } from './consumer.js';
export { type Counted, type CounterOptions, type Counters, openCounters, type WindowCounter } from './counters.js';
export { type DispatchJob, type DueJob, dispatchJobId, type JobOf, type Lane, lanes, shardsBelow } from './jobs.js';
export { createQueueProducer, type ProducerOptions, type QueueProducer, type QueueState } from './producer.js';
export type { QueueLook } from './queue-look.js';
export { advisedRedis, lookAtRedis, mayEvict, oldestRedis, type RedisFacts } from './redis-facts.js';
