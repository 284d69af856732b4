export * from './circuit-breaker.js';
export * from './hop-result.js';
export * from './owner-hints.js';
export * from './patience.js';
export * from './rendezvous.js';
export * from './repetition.js';
export * from './route.js';
