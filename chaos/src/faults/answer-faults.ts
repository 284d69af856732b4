import type { ProxyRules } from '../proxy/proxy-faults.js';
import type { FaultAction } from './chaos-world.js';

const RULES: ProxyRules = {
  delay: 0.1,
  delayMs: 800,
  'reset-before': 0.05,
  'reset-after': 0.15,
  late: 0.05,
  // Who asks again meanwhile does so before the first request has landed.
  lateMs: 1_500,
  truncate: 0.1,
  truncatesWrites: true,
};

/** Between clients and gateways, whichever way the load goes otherwise. */
export const loseAnswers: FaultAction = async ({ fleet, useLines, pause }, { holdMs }) => {
  const lostBefore = lost(fleet.lines);
  for (const line of fleet.lines) line.setRules(RULES);
  useLines(true);
  try {
    await pause(holdMs);
  } finally {
    useLines(false);
    for (const line of fleet.lines) line.setRules();
  }
  return `${lost(fleet.lines) - lostBefore} answers lost`;
};

function lost(lines: readonly { counts(): Readonly<Record<string, number>> }[]): number {
  let count = 0;
  for (const line of lines) {
    const counts = line.counts();
    count += (counts['reset-after'] ?? 0) + (counts['truncate'] ?? 0);
  }
  return count;
}
