export * from './budget.js';
export * from './currency.js';
export * from './invoice-lines.js';
export * from './late-lines.js';
export * from './money.js';
export * from './period.js';
export * from './plan-history.js';
export * from './plan.js';
