export * from './ensure-bucket.js';
export { MAX_SOCKETS, REQUEST_TIMEOUT_MS } from './s3-settings.js';
export type { S3Settings } from './s3-settings.js';
export * from './s3-store.js';
