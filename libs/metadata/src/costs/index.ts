export * from './cost-question.js';
export * from './cost-report.js';
export * from './provider-prices.js';
export * from './tenant-costs.js';
export * from './tenant-months.js';
