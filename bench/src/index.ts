import type { Benchmark } from './benchmark.js';
import { cost } from './cost.js';
import { density } from './density.js';
import { durable } from './durable.js';
import { engine } from './engine.js';
import { roundtrips } from './roundtrips.js';

export * from './benchmark.js';
export { renderBenchmarks } from './benchmarks-page.js';
export { cost, density, durable, engine, roundtrips };

/** Every benchmark there is; a new one is added here. */
export const BENCHMARKS: readonly Benchmark[] = [roundtrips, cost, durable, density, engine];
