import type { DatabaseId } from '@leasehold/foundation';

import type { Violation } from '../history/history.js';
import { numberOf } from '../workload/databases.js';

/** More of one run tell nothing new. */
const KEPT_VIOLATIONS = 200;

/** Says that a rule was broken, and how. */
export type Report = (rule: string, what: string) => void;

/** What a witness has found, in the order in which it happened. */
export class Findings {
  readonly violations: Violation[] = [];

  report(rule: string, what: string, databaseId?: DatabaseId): void {
    if (this.violations.length >= KEPT_VIOLATIONS) return;
    this.violations.push({ rule, database: databaseId && numberOf(databaseId), what });
  }
}
