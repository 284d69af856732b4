export * from './recount-book.js';
export * from './traffic-ledger.js';
export * from './usage-ledger.js';
export * from './usage-recounts.js';
