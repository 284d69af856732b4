import type { Meter, MeterMicros, MonthCost, Period } from '@leasehold/billing';

import { UsageTooLargeError, type UsagePlace, type UsageQuestion } from '../usage-question.js';

/** What a month of an organization comes to, by what was known at one moment. */
export interface CostReckoning {
  readonly organizationId: string;
  /** A calendar month in UTC. */
  readonly period: Period;
  readonly currency: string;
  readonly cost: MonthCost;
  readonly reckonedAt: Date;
  /** Every usage record that was in the bucket then is in it; undefined: nobody has looked yet. */
  readonly completeTo: Date | undefined;
}

/** How the cost of a month is told. */
export interface CostQuestion extends Pick<UsageQuestion, 'databaseId' | 'group' | 'step'> {
  /** Only of this meter, and only rows with some of it. */
  readonly meter: Meter | undefined;
  /** Behind the row of this place. */
  readonly after: UsagePlace | undefined;
}

/** What one step cost, of everything or of one database, key or label. */
export interface CostRow {
  /** When the step begins. */
  readonly from: Date;
  /** As in rows of usage: ordered by it within a step. */
  readonly place: string;
  /** The id of the database or key, or the value of the label; null: as in rows of usage. */
  readonly group: string | null;
  readonly cost: MeterMicros;
}

/** There are too many databases to tell such steps of them apart: shorter steps can be told. */
export class CostTooLargeError extends UsageTooLargeError {}
