import type { Phases } from '@leasehold/foundation';

import type { OwnedDatabase } from './owned-database.js';

/** A claim under way. All who want the database meanwhile wait for the same one, and count their time where its time goes. */
export interface Opening {
  readonly database: Promise<OwnedDatabase>;
  readonly phases: Phases;
}

/** Waits for an opening, or for a part of it. */
export function sharing<T>(phases: Phases | undefined, opening: Opening, wait: Promise<T>): Promise<T> {
  return phases === undefined ? wait : timed(phases, opening, wait);
}

async function timed<T>(phases: Phases, opening: Opening, wait: Promise<T>): Promise<T> {
  try {
    return await phases.sharing(opening.phases, wait);
  } finally {
    phases.enter('other');
  }
}
