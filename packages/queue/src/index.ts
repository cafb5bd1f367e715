// Every queue, job and option; nothing else knows that there is BullMQ.
export { migrateQueue, type QueueLocation } from './backend.js';
export { type ConsumerOptions, createQueueConsumer, type QueueConsumer } from './consumer.js';
export { type DispatchJob, type DueJob, dispatchJobId, type JobOf, type Lane, lanes } from './jobs.js';
export { createQueueProducer, type ProducerOptions, type QueueProducer } from './producer.js';
