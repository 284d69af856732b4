export * from './payment-customers.js';
export * from './payment-events.js';
export * from './payment-record.js';
export * from './payments.js';
export * from './resume-payments.js';
