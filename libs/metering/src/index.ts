export * from './coverage.js';
export * from './reconciliation.js';
export * from './recount.js';
export * from './stored-bytes.js';
export * from './usage-meter.js';
export * from './usage-record.js';
export * from './usage-record-format.js';
