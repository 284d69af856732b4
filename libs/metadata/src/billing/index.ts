export * from './billed-usage.js';
export * from './billing-details.js';
export * from './billing-errors.js';
export * from './finalize-invoice.js';
export * from './invoice-draft.js';
export * from './invoices.js';
export * from './plan-versions.js';
