export type * from './history/history.js';
export * from './witness/bucket-witness.js';
export { digestOfEffects } from './witness/frame-archive.js';
