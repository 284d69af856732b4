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

/** A gateway holds a request for 12 s at most, and waits 3 s for a commit. */
const EMPTY_WITHIN_MS = 16_000;
const EMPTY_POLL_MS = 20;

/** Between clients and gateways, whichever way the load goes otherwise. */
export const loseAnswers: FaultAction = async ({ fleet, useLines, pause, clock }, { holdMs }) => {
  const lostBefore = lost(fleet.lines);
  for (const line of fleet.lines) line.setRules(RULES);
  useLines(true);
  try {
    await pause(holdMs);
  } finally {
    useLines(false);
    for (const line of fleet.lines) line.setRules();
    // What is lost after that would be put down to the next fault.
    for (let waitedMs = 0; waitedMs < EMPTY_WITHIN_MS && fleet.lines.some(({ underWay }) => underWay > 0);) {
      await clock.sleep(EMPTY_POLL_MS);
      waitedMs += EMPTY_POLL_MS;
    }
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
