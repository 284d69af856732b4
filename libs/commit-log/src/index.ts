export * from './close-log.js';
export * from './closed-log.js';
export * from './commit-log.js';
export { BrokenTailError } from './durable-tail.js';
export * from './frame.js';
export * from './log-errors.js';
export { WINDOW_SEGMENTS } from './log-inventory.js';
export * from './segment.js';
