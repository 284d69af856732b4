import type { CallOptions } from '../options.js';
import type { JsonService } from './json-service.js';

/** Which usage is asked for: that of this month by days, of everything together, where nothing is said. */
export interface UsageQuestion {
  /** Whole hours in UTC; `to` is not in it. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Of the calendar in UTC. */
  readonly step?: 'hour' | 'day' | 'month' | undefined;
  /** What is told apart: databases, keys, or the values of a label, such as `label:customer`. */
  readonly group?: 'database' | 'key' | `label:${string}` | undefined;
  /** Only of this one, by name or id. */
  readonly database?: string | undefined;
}

/** What was used in one step. */
export interface UsageRow {
  readonly from: string;
  /** Its id, where databases are told apart. */
  readonly database?: string;
  /** Its id, where keys are told apart; null: what no key did, all writes among it. */
  readonly key?: string | null;
  /** Its value, where those of a label are told apart; null: of databases without that label. */
  readonly label?: string | null;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly egressBytes: number;
  readonly storedGbHours: number;
  readonly requests: number;
  readonly commits: number;
  /** Reads by tokens of people, which are not billed. */
  readonly freeReadUnits: number;
}

export class UsageReport {
  constructor(private readonly service: JsonService) {}

  /** By time, then by database, key or label, page by page as they are iterated over; what was not used has no row. @throws NotFoundError no such database */
  list(
    { from, to, step, group, database }: UsageQuestion = {},
    options?: CallOptions,
  ): AsyncIterableIterator<UsageRow> {
    return this.service.list('/usage', 'usage', options, { from, to, step, group, database });
  }
}
