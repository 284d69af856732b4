import type { Benchmark } from './benchmark.js';
import { billing } from './billing.js';
import { coldstart } from './coldstart.js';
import { compaction } from './compaction.js';
import { cost } from './cost.js';
import { density } from './density.js';
import { durable } from './durable.js';
import { engine } from './engine.js';
import { fairness } from './fairness.js';
import { gateway } from './gateway.js';
import { recovery } from './recovery.js';
import { roundtrips } from './roundtrips.js';

export * from './benchmark.js';
export { renderBenchmarks } from './benchmarks-page.js';
export { billing, coldstart, compaction, cost, density, durable, engine, fairness, gateway, recovery, roundtrips };

/** Every benchmark there is; a new one is added here. */
export const BENCHMARKS: readonly Benchmark[] = [
  roundtrips,
  cost,
  durable,
  density,
  engine,
  compaction,
  recovery,
  fairness,
  coldstart,
  gateway,
  billing,
];
