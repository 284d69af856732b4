import type { CallOptions } from '../options.js';
import type { JsonService } from './json-service.js';

/** Which metrics are asked for: those of the last hour by minutes where nothing is said. */
export interface MetricsQuestion {
  /** Whole minutes in UTC, by hour and day whole hours; `to` is not in it. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Of the calendar in UTC: by minute a day at most, of the last 3; by hour 31 days, by day 100, of the last 100 days. */
  readonly step?: 'minute' | 'hour' | 'day' | undefined;
}

/** How many requests a database had, how long they took, and how many met it while it was not open. */
export interface DatabaseMetrics {
  /** Its id. */
  readonly database: string;
  readonly from: string;
  readonly to: string;
  readonly step: 'minute' | 'hour' | 'day';
  /** What gateways had told by then is in it; null: nobody has looked yet. */
  readonly completeTo: string | null;
  /** By time; a step without requests has none. */
  readonly metrics: readonly MetricsRow[];
}

export interface MetricsRow {
  readonly from: string;
  readonly requests: number;
  /** Answers with 500 and above. */
  readonly errors: number;
  /** Of all requests of the step, at most a tenth too long. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly coldStarts: number;
  /** Where the time of one went, on average. */
  readonly coldPhasesMs: Readonly<Record<string, number>>;
}

/** For a key with `usage:read` or `db:admin`. */
export class MetricsReport {
  constructor(private readonly service: JsonService) {}

  /** @throws NotFoundError no such database */
  of(nameOrId: string, { from, to, step }: MetricsQuestion = {}, options?: CallOptions): Promise<DatabaseMetrics> {
    return this.service.read(`/databases/${encodeURIComponent(nameOrId)}/metrics`, options, { from, to, step });
  }
}
