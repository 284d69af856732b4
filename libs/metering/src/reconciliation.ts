import type { DatabaseId } from '@leasehold/foundation';

import type { CountedHours, ToldHours } from './recount.js';

/** Whole days in UTC, in ms since the Unix epoch; `to` is not in them. */
export interface RecountedTime {
  readonly from: number;
  readonly to: number;
}

/** What came of a reconciliation. */
export interface ReconciliationReport extends RecountedTime {
  readonly begunAt: number;
  readonly endedAt: number;
  readonly sessions: number;
  /** That were read, of those that reach into these days. */
  readonly records: number;
  /** Of them, those that nobody can read: nor are they rolled up. */
  readonly damaged: number;
  /** That were taken, and are not in the bucket any more. */
  readonly missing: number;
  /** Sessions whose records were not all read: there are too many. */
  readonly unread: number;
  /** Of which there is anything to compare. */
  readonly databases: number;
  /** Numbers that are not what the records say. */
  readonly differences: number;
}

/** What records say of one database, and what is rolled up. */
export interface DatabaseBooks {
  readonly database: DatabaseId;
  readonly told: ToldHours;
  readonly counted: CountedHours;
}
