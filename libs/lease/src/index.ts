export * from './observed-session.js';
export * from './seal-record.js';
export * from './session.js';
export * from './session-errors.js';
export * from './session-record.js';
export * from './session-watch.js';
