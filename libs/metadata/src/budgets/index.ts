export * from './budget-record.js';
export * from './budgets.js';
