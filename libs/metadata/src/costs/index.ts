export * from './provider-prices.js';
export * from './tenant-costs.js';
export * from './tenant-months.js';
