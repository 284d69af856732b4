import type { Violation } from '../../history/history.js';
import { runSeed } from '../../run/run-seed.js';
import type { SettingName } from '../settings.js';
import { SETTINGS } from '../settings.js';

/** Runs the world once under a seed; resolves with everything that history or bucket give away. */
export type JudgeSeed = (
  seed: number,
  setting: SettingName | undefined,
) => Promise<readonly Pick<Violation, 'rule' | 'what'>[]>;

/**
 * What broken code may come to without having done any harm: it stops, or what it asserts itself stops it, be it by a quarantine (L3). A
 * variant has to be given away by what it did.
 */
const PROVE_NOTHING: ReadonlySet<string> = new Set(['liveness', 'no internal error', 'L3']);
/** Where code has stopped itself, these tell no more than that: what was never flushed is not counted, and clients hear of it. */
const PROVE_NOTHING_THEN: ReadonlySet<string> = new Set(['codes', 'metering', 'scrub: orphan']);

export const judgeSeed: JudgeSeed = async (seed, setting) => {
  const { violations } = await runSeed(seed, setting && SETTINGS[setting]);
  const hasStopped = violations.some(({ rule }) => rule === 'L3' || rule === 'no internal error');
  return violations.filter(({ rule }) => !PROVE_NOTHING.has(rule) && !(hasStopped && PROVE_NOTHING_THEN.has(rule)));
};
