export { workerConfig } from './config.js';
export type { WorkerConfig } from './config.js';
export { startWorker } from './start-worker.js';
export type { OpenWorkerParts, WorkerParts } from './worker-parts.js';
