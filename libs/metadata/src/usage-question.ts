export type UsageStep = 'hour' | 'day' | 'month';
/** A row for each database, each key, or each value of a label. */
export type UsageGroup = 'database' | 'key' | { readonly label: string };
export const USAGE_METERS = ['writeUnits', 'readUnits', 'egressBytes', 'storedByteMs', 'freeReadUnits'] as const;
export type UsageMeter = (typeof USAGE_METERS)[number];

/** Which usage of an organization is asked for. */
export interface UsageQuestion {
  /** Whole hours in UTC; `to` is not in it. */
  readonly from: Date;
  readonly to: Date;
  /** Steps of the calendar in UTC. */
  readonly step: UsageStep;
  readonly group: UsageGroup | undefined;
  /** Only of this database, by its id. */
  readonly databaseId: string | undefined;
  /** Only rows in which there is something of this meter. */
  readonly meter?: UsageMeter | undefined;
  /** Behind the row of this place. */
  readonly after: UsagePlace | undefined;
  /** Rows at most. */
  readonly limit: number;
}

/** Where rows go on: behind this one, or, where there is no `place`, with all of the step. */
export interface UsagePlace {
  /** When the step begins. */
  readonly from: Date;
  readonly place: string | undefined;
}

/** What was used in one step, of everything or of one database, key or label. */
export interface UsageRow {
  /** When the step begins. */
  readonly from: Date;
  /** By what rows of one step are ordered: the id of the database or key, or a hash of the label; empty where nothing groups, and for what no key or label did. */
  readonly place: string;
  /** The id of the database or key, or the value of the label; null: databases without the label, what no key did, and everything where nothing groups. */
  readonly group: string | null;
  readonly commits: bigint;
  readonly writeUnits: bigint;
  /** Reads by keys, and by tokens that keys made. */
  readonly requests: bigint;
  readonly readUnits: bigint;
  readonly egressBytes: bigint;
  /** Reads by tokens of people, which are free. */
  readonly freeReadUnits: bigint;
  /** Bytes times milliseconds. Not known by key. */
  readonly storedByteMs: bigint;
}

/** Such a step is of more hours of databases than can be added up while somebody waits: shorter steps can be told. */
export class UsageTooLargeError extends Error {
  constructor(step: UsageStep, group: UsageGroup | undefined, options?: ErrorOptions) {
    super(
      `there is too much to tell by ${step} and ${typeof group === 'object' ? 'label' : (group ?? 'nothing')}`,
      options,
    );
  }
}
