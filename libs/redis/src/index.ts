export * from './redis-connection.js';
export * from './redis-url.js';
