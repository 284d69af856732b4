import type { Phases } from '@leasehold/foundation';

import type { HeadInHand } from './claim.js';
import type { Cargo } from './first-commit.js';
import type { OwnedDatabase } from './owned-database.js';

/** A claim under way. All who want the database meanwhile wait for the same one, and count their time where its time goes. */
export interface Opening {
  readonly database: Promise<OwnedDatabase>;
  readonly phases: Phases;
}

/** How an opening begins, besides of which database. */
export interface OpeningOptions {
  readonly purpose: 'use' | 'settle';
  readonly inHand: HeadInHand;
  readonly first?: Cargo;
  /** Of the caller who begins it. */
  readonly traceparent?: string;
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
