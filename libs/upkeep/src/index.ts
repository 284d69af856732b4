export * from './database-jobs.js';
export * from './job.js';
export * from './sessions/is-recovered.js';
export * from './sessions/recover-session.js';
export * from './sessions/recovery-watch.js';
export * from './sessions/session-jobs.js';
export * from './sweep/sweep-job.js';
export * from './sweep/sweep.js';
