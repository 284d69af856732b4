export type * from './history/history.js';
export * from './witness/bucket-witness.js';
export { digestOfEffects } from './witness/frame-archive.js';
export * from './run/profile.js';
export { LIVENESS_MS, runSeed } from './run/run-seed.js';
export type { RunOptions } from './run/run-seed.js';
export type { SeedReport } from './run/seed-report.js';
