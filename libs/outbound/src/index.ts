export * from './public-address.js';
export * from './outbound-client.js';
export * from './outbound-errors.js';
export * from './resolve.js';
export * from './target.js';
