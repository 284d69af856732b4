export * from './postgres-binaries.js';
export * from './test-metadata.js';
export * from './test-postgres.js';
