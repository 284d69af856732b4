export * from './postgres-binaries.js';
export * from './test-postgres.js';
