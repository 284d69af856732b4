export * from './benchmark.js';
export { roundtrips } from './roundtrips.js';
