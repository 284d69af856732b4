export * from './stripe-event.js';
export * from './stripe-ledger.js';
export * from './stripe-stand-in.js';
