export type { JobLog } from './interval-log.js';
export * from './job-board.js';
export * from './job-kinds.js';
export * from './job-queues.js';
export type { JobRun } from './job-run.js';
export * from './job-workers.js';
export { RUNNING_STATES, type RunningJob } from './running-job.js';
export {
  openProducer,
  queueSettingsProblem,
  queueStoreFrom,
  type QueueProducer,
  type QueueStore,
} from './queue-store.js';
