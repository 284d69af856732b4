import { runSeed } from '../../run/run-seed.js';
import type { JudgeSeed } from '../child/judge-seed.js';
import { SETTINGS } from '../settings.js';

/** Gives the course of the run away, whatever it was. */
export const judgeSeed: JudgeSeed = async (seed, setting) => {
  const { traceHash } = await runSeed(seed, setting && SETTINGS[setting]);
  return [{ rule: 'trace', what: traceHash }];
};
