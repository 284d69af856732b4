import type { Benchmark } from './benchmark.js';
import { engine } from './engine.js';
import { roundtrips } from './roundtrips.js';

export * from './benchmark.js';
export { renderBenchmarks } from './benchmarks-page.js';
export { engine, roundtrips };

/** Every benchmark there is; a new one is added here. */
export const BENCHMARKS: readonly Benchmark[] = [roundtrips, engine];
