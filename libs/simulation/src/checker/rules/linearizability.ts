import type { DatabaseHistory } from '../../history/history.js';
import { registerEventsOf } from '../registers/register-events.js';
import { RegisterSearch } from '../registers/register-search.js';

/** Writes that the search tries to put somewhere, per key; an ordinary run takes about one for each write. */
export const SEARCH_STEPS = 20_000;

export interface Linearizability {
  readonly faults: readonly string[];
  /** Keys whose search was given up. */
  readonly undecided: readonly string[];
}

/** Each register for itself behaves as if all that was done to it were done one after another, by what calls tell alone. */
export function linearizability(database: DatabaseHistory, maxSteps = SEARCH_STEPS): Linearizability {
  const faults: string[] = [];
  const undecided: string[] = [];
  for (const events of registerEventsOf(database)) {
    const verdict = new RegisterSearch(events).run(maxSteps);
    if (verdict.kind === 'violated') faults.push(verdict.what);
    if (verdict.kind === 'undecided') undecided.push(events.key);
  }
  return { faults, undecided };
}
