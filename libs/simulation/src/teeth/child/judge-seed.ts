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
/** A quarantined database is never flushed to the end, so these are wrong with nobody to blame. */
const PROVE_NOTHING_OF_QUARANTINED: ReadonlySet<string> = new Set(['metering', 'scrub: orphan']);

export const judgeSeed: JudgeSeed = async (seed, setting) => {
  const { violations } = await runSeed(seed, setting && SETTINGS[setting]);
  const hasQuarantined = violations.some(({ rule }) => rule === 'L3');
  return violations.filter(
    ({ rule }) => !PROVE_NOTHING.has(rule) && !(hasQuarantined && PROVE_NOTHING_OF_QUARANTINED.has(rule)),
  );
};
