export * from './api-key.js';
export * from './directory-source.js';
export * from './directory.js';
export * from './grant.js';
export * from './postgres-source.js';
export * from './scope.js';
export * from './token-claims.js';
export * from './token-signer.js';
