import type { ProxyRules } from '../proxy/proxy-faults.js';
import type { FaultAction } from './chaos-world.js';
import { proxied } from './chaos-world.js';
import { killWorker } from './process-faults.js';

/** Of every process, for a while. */
const withRules =
  (rules: ProxyRules): FaultAction =>
  async (world, { holdMs }) => {
    const before = total(world);
    for (const { proxy } of proxied(world)) proxy.setRules(rules);
    try {
      await world.pause(holdMs);
    } finally {
      for (const { proxy } of proxied(world)) proxy.setRules();
    }
    const after = total(world);
    const done = Object.keys(after).map((kind) => `${(after[kind] ?? 0) - (before[kind] ?? 0)} ${kind}`);
    return done.filter((text) => !text.startsWith('0 ')).join(', ');
  };

function total(world: Parameters<FaultAction>[0]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { proxy } of proxied(world)) {
    for (const [kind, count] of Object.entries(proxy.counts())) sums[kind] = (sums[kind] ?? 0) + count;
  }
  return sums;
}

export const delayStore = withRules({ delay: 0.3, delayMs: 1_500 });
export const resetStore = withRules({ 'reset-before': 0.06, 'reset-after': 0.06, late: 0.04 });
export const slowDownStore = withRules({ 'slow-down': 0.3 });
/** A client gives a request up after 5 s. */
export const holdStore = withRules({ hold: 0.03 });
export const truncateStore = withRules({ truncate: 0.25 });
/** What stays damaged in three readings is believed: much more often, and that happens by chance. */
const flips = withRules({ flip: 0.01 });
/** A takeover reads what decides whether a database is damaged. */
export const flipStore: FaultAction = async (world, fault) => {
  const [flipped, killed] = await Promise.all([flips(world, fault), killWorker(world, fault)]);
  return `${killed} killed; ${flipped}`;
};

/** All of it, a little. */
export const MIXED_RULES: ProxyRules = {
  delay: 0.05,
  delayMs: 500,
  'reset-before': 0.02,
  'reset-after': 0.02,
  late: 0.02,
  hold: 0.002,
  'slow-down': 0.03,
  truncate: 0.02,
};
