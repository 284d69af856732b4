export * from './by-hand.js';
export * from './payment-errors.js';
export * from './payment-provider.js';
