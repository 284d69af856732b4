import type { PhaseTimes } from '@leasehold/foundation';
import { phaseList, PHASES } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import { Histogram, Registry } from 'prom-client';

import { DURATION_BUCKETS_SECONDS } from './duration-counts.js';
import { PhaseSeconds } from './phase-seconds.js';

const NOTHING = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as unknown as PhaseTimes;
const REQUESTS: readonly PhaseTimes[] = [
  { ...NOTHING, read: 25, other: 0.5 },
  { ...NOTHING, read: 1, put: 20_000 },
  { ...NOTHING, read: 2.6 },
];

describe('the histogram of phases', () => {
  it("shows what prom-client's own would show", async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const seconds = new PhaseSeconds();
    seconds.register(ours);
    const { name, help } = seconds;
    const registers = [theirs];
    const own = new Histogram({ name, help, labelNames: ['phase'], buckets: DURATION_BUCKETS_SECONDS, registers });
    for (const times of REQUESTS) {
      seconds.record(phaseList(times));
      for (const phase of PHASES) if (times[phase] > 0) own.observe({ phase }, times[phase] / 1_000);
    }
    const lines = async (registry: Registry) => (await registry.metrics()).split('\n').sort();
    expect(await lines(ours)).toEqual(await lines(theirs));
    expect(await ours.metrics()).toContain('leasehold_request_phase_seconds_bucket{le="0.0025",phase="read"} 1');
  });
});
