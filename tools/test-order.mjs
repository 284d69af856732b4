import Sequencer from '@jest/test-sequencer';

/**
 * The files that take longest, from the longest on: what begins last ends last, and leaves cores without work. In a fresh checkout nothing is known of a file
 * but its size, which says little here. Those that wait more than they work (for a round of the clock, a lease, a retry) stand between those that work all the time.
 */
export const LONGEST = [
  'libs/simulation/src/teeth/teeth.sim.spec.ts',
  'apps/control-plane/src/payments/payments.int.spec.ts',
  'libs/simulation/src/matrix/process-cells.sim.spec.ts',
  'libs/jobs/src/job-queues.int.spec.ts',
  'libs/simulation/src/matrix/store-cells.sim.spec.ts',
  'libs/simulation/src/run/seeds-001.sim.spec.ts',
  'apps/gateway/src/kv-connect/kv-connect.spec.ts',
  'libs/simulation/src/run/seeds-051.sim.spec.ts',
  'apps/control-plane/src/access-matrix.int.spec.ts',
  'libs/simulation/src/run/run-seed.sim.spec.ts',
  'apps/gateway/src/budgets/budgets-over-http.spec.ts',
  'libs/simulation/src/matrix/coordination-cells.sim.spec.ts',
  'apps/control-plane/src/people.int.spec.ts',
  'apps/control-plane/src/admin/admin.int.spec.ts',
  'apps/control-plane/src/bad-input.int.spec.ts',
  'libs/object-store-s3/src/s3-store.conformance.spec.ts',
  'apps/control-plane/src/control-plane.int.spec.ts',
  'libs/redis/src/demand-boards.int.spec.ts',
  'apps/control-plane/src/payments/stripe-events.int.spec.ts',
  'bench/src/engine.spec.ts',
  'apps/control-plane/src/payments/payment-chaos.int.spec.ts',
  'libs/payments/src/stripe/stripe-collector.spec.ts',

  'e2e/chaos.e2e.ts',
  'e2e/console-screens.e2e.ts',
  'e2e/budgets.e2e.ts',
  'e2e/billed-usage.e2e.ts',
  'e2e/crash.e2e.ts',
  'e2e/command-line.e2e.ts',
  'e2e/quotas.e2e.ts',
  'e2e/console-transfer.e2e.ts',
  'e2e/deno-kv.e2e.ts',
  'e2e/client.e2e.ts',
  'e2e/console.e2e.ts',
  'e2e/changes.e2e.ts',
  'e2e/example-notes.e2e.ts',
  'e2e/recovery.e2e.ts',
  'e2e/console-operators.e2e.ts',
  'e2e/tokens.e2e.ts',
  'e2e/api-keys.e2e.ts',
];

/**
 * The longest first, and all others as they come.
 * @template {{ readonly path: string }} T
 * @param {readonly T[]} tests
 * @returns {T[]}
 */
export function longestFirst(tests) {
  const rank = (/** @type {T} */ { path }) => {
    const place = LONGEST.findIndex((name) => path.endsWith(`/${name}`));
    return place === -1 ? LONGEST.length : place;
  };
  const ranked = tests.map((test) => ({ test, rank: rank(test) }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ test }) => test);
}

export default class TestOrder extends (Sequencer.default ?? Sequencer) {
  sort(tests) {
    return longestFirst(super.sort(tests));
  }
}
