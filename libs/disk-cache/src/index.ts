export * from './disk-cache.js';
export { CacheDirectoryError } from './slab-file.js';
