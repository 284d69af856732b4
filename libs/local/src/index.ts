export type { DatabaseOptions, Local, LocalTenant } from './local.js';
export type {
  FolderChoice,
  KeyOptions,
  LocalOptions,
  LocalScope,
  S3Choice,
  StoreChoice,
  TokenOptions,
} from './local-options.js';
export { startLocal } from './start-local.js';
