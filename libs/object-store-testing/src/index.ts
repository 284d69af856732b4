export * from './faulty-store.js';
export * from './virtual-clock.js';
