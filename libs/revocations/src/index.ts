export * from './revocation-log.js';
export * from './revocation-state.js';
export * from './revocation-watch.js';
