export * from './api-key.js';
export * from './directory-source.js';
export * from './directory.js';
export * from './postgres-source.js';
export * from './scope.js';
