export * from './api-keys.js';
export * from './change-feed.js';
export * from './databases.js';
export * from './errors.js';
export * from './metadata.js';
export * from './migrations.js';
export * from './organizations.js';
export * from './outage.js';
