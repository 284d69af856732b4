import type { Violation } from '../../history/history.js';
import { runSeed } from '../../run/run-seed.js';
import { PROFILES } from '../profiles.js';

/** Runs the world once under a seed; resolves with everything that history or bucket give away. */
export type JudgeSeed = (
  seed: number,
  profile: string | undefined,
) => Promise<readonly Pick<Violation, 'rule' | 'what'>[]>;

/**
 * What broken code may come to without having done any harm: it stops, or an assertion of its own stops it. A variant has to be given away
 * by what it did.
 */
const PROVE_NOTHING: ReadonlySet<string> = new Set(['liveness', 'no internal error']);

export const judgeSeed: JudgeSeed = async (seed, profile) => {
  const adjust = profile === undefined ? undefined : PROFILES[profile];
  if (profile !== undefined && adjust === undefined) throw new Error(`no profile is called ${profile}`);
  const { violations } = await runSeed(seed, { adjust });
  return violations.filter(({ rule }) => !PROVE_NOTHING.has(rule));
};
