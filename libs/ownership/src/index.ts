export type { OwnershipContext, OwnershipEvents } from './context.js';
export * from './database-access.js';
export * from './databases.js';
export * from './errors.js';
export type { FirstCommit } from './first-commit.js';
export { Maintenance } from './maintenance.js';
export type { OwnedState, WriteRequest } from './owned-database.js';
export { OwnedDatabase } from './owned-database.js';
export * from './settings.js';
