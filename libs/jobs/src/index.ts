export type { JobLog } from './interval-log.js';
export * from './job-board.js';
export * from './job-kinds.js';
export * from './job-queues.js';
export { JobCancelledError, TELL_INTERVAL_MS, type JobRun } from './job-run.js';
export * from './job-workers.js';
export { LOST_AFTER_MS, RUNNING_STATES, type RunningJob, type RunningState } from './running-job.js';
export type { JobProgress } from './told-progress.js';
export {
  openProducer,
  queueSettingsProblem,
  queueStoreFrom,
  type QueueProducer,
  type QueueStore,
} from './queue-store.js';
