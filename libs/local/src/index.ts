export type { DatabaseOptions, Local, LocalTenant } from './local.js';
export type { FolderChoice, KeyOptions, LocalOptions, LocalScope, S3Choice, StoreChoice } from './local-options.js';
export { startLocal } from './start-local.js';
