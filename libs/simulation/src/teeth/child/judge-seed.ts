import type { Violation } from '../../history/history.js';

/** Runs the world once under a seed; resolves with everything that history or bucket give away. */
export type JudgeSeed = (
  seed: number,
  profile: string | undefined,
) => Promise<readonly Pick<Violation, 'rule' | 'what'>[]>;
