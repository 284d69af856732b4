export * from './config.js';
export * from './health.js';
export { createLogger, LOGGER } from './logger.js';
export type { Logger } from './logger.js';
export { METRICS } from './metrics.js';
export * from './problem-filter.js';
export * from './run-main.js';
export * from './run-service.js';
export { ServiceKitModule } from './service-kit-module.js';
