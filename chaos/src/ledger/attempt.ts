/** What a write asked for before it may be applied; `match` names the sequence of the version. */
export type Condition =
  { readonly kind: 'none' } | { readonly kind: 'absent' } | { readonly kind: 'match'; readonly sequence: number };

/** The least that a read of a key may show: what is known of it, by acknowledgements and by what others have read. */
export interface Floor {
  /** 0: never written. */
  readonly sequence: number;
  /** `gone` with the sequence of a value: a delete whose own version nobody told came after it. */
  readonly state: 'value' | 'gone';
  /** As in an ETag; undefined when it is not known. */
  readonly version: string | undefined;
  /** Of a counter. */
  readonly count: number;
}

export const NEVER_WRITTEN: Floor = { sequence: 0, state: 'gone', version: undefined, count: 0 };

/** One write on its way, or of unknown outcome. */
export interface Attempt {
  /** Unique in a run; the value carries it. */
  readonly write: number;
  readonly key: string;
  readonly effect: 'put' | 'delete';
  readonly condition: Condition;
  /** Of a counter: what it is set to. */
  readonly count: number;
  readonly sentMs: number;
  /** Of the key, when it was sent. */
  readonly floor: Floor;
  /** Of the database, when it was sent: the highest sequence acknowledged or read. */
  readonly databaseFloor: number;
}

/** One sum on its way, or of unknown outcome. */
export interface SumAttempt {
  /** Unique in a run. */
  readonly write: number;
  readonly key: string;
  /** In its tally. */
  readonly place: number;
  /** Of the database, when it was sent: the highest sequence acknowledged or read. */
  readonly databaseFloor: number;
}
