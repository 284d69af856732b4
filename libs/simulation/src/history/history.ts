/**
 * What a run tells about itself: plain data, so that a history can be written by hand, printed and compared. Bytes are
 * text, one character per byte (latin1). A judge reads nothing else, and never the code under test.
 *
 * Two orders run through it. A *moment* is a whole number that grows with every event of the run: what ended at a lower moment than
 * another began happened before it. *Ms* are the virtual world's true time, which processes see through clocks of their own.
 */
export interface History {
  readonly databases: readonly DatabaseHistory[];
}

/** One database: what clients asked of it and were told, and what it came to in the end. */
export interface DatabaseHistory {
  /** Position among the databases of the run, 0 … */
  readonly number: number;
  /** What every value of it begins with, counters included; no other database's does. */
  readonly tag: string;
  readonly calls: readonly Call[];
  /**
   * Every commit from the first one on, as the change feed tells them after all faults have ended; undefined where its retention is too short
   * for that.
   */
  readonly commits: readonly CommitText[] | undefined;
  /** Counters of its head in the end, when everything is flushed. */
  readonly usage: UsageText | undefined;
  /** Every frame that ever landed in any log, whether it counts or not, in the order of landing. */
  readonly frames: readonly FrameText[];
}

/** One request of a client, from the sending of its first attempt to the answer of its last. */
export interface Call {
  /** Unique in the run. */
  readonly id: string;
  readonly client: string;
  readonly begunAt: number;
  /** Infinity: never answered. */
  readonly endedAt: number;
  readonly begunMs: number;
  readonly endedMs: number;
  readonly request: Request;
  readonly answer: Answer;
  /** The session that gave the answer; undefined when none did. */
  readonly session: string | undefined;
  /** What it was told when it had been acknowledged, and was sent once more under its idempotency key, however much later. */
  readonly repetitions?: readonly Answer[];
}

export type Request =
  /**
   * With an idempotency key (`keyed`) it is repeated while its outcome is unknown; without one it is sent once. A put's value holds the call's id
   * (see `valueOf`), so that what was applied can be told.
   */
  | {
      readonly kind: 'transact';
      readonly checks: readonly CheckText[];
      readonly ops: readonly OperationText[];
      readonly keyed: boolean;
    }
  | { readonly kind: 'get'; readonly key: string }
  /** Everything in the range at one moment; of the version `at`, by default of the present. */
  | { readonly kind: 'snapshot'; readonly range: RangeText; readonly at: number | undefined }
  | { readonly kind: 'feed'; readonly since: number; readonly maxCommits: number };

/** `end` undefined: to the last key. */
export interface RangeText {
  readonly start: string;
  readonly end: string | undefined;
}

export type CheckText =
  | { readonly kind: 'version'; readonly key: string; readonly sequence: number; readonly epoch: number }
  | { readonly kind: 'absent' | 'present'; readonly key: string }
  | { readonly kind: 'range'; readonly range: RangeText; readonly since: number };

export type OperationText =
  /** `expiresAt` in ms as the owner's clock tells them; undefined: never. */
  | { readonly op: 'put'; readonly key: string; readonly value: string; readonly expiresAt: number | undefined }
  | { readonly op: 'delete'; readonly key: string }
  | { readonly op: 'deleteRange'; readonly range: RangeText }
  /** The stored value is the database's tag followed by 8 bytes, least byte first. */
  | { readonly op: 'sum' | 'min' | 'max'; readonly key: string; readonly operand: bigint };

export type Answer =
  /** Durable, at this version. `repeated`: an earlier attempt had been applied. `nothing`: there was nothing to commit. */
  | {
      readonly kind: 'committed';
      readonly version: VersionText;
      readonly effect: 'committed' | 'repeated' | 'nothing';
    }
  /** The check at this position failed; `present` is the version that it found, of a key that is there. */
  | { readonly kind: 'refused'; readonly failedCheck: number; readonly present: VersionText | undefined }
  /** Of a get; undefined: not there. */
  | { readonly kind: 'entry'; readonly entry: EntryText | undefined }
  | { readonly kind: 'snapshot'; readonly version: VersionText; readonly entries: readonly KeyedEntryText[] }
  /** What was committed after `since`; everything up to `through` is told. */
  | { readonly kind: 'feed'; readonly commits: readonly CommitText[]; readonly through: number }
  /** A code that promises that nothing was applied. */
  | { readonly kind: 'disclaimed'; readonly code: string }
  /** Of a transaction: it may take effect at any time after its beginning, or never. Of a read: there was no answer. */
  | { readonly kind: 'unknown' };

export interface VersionText {
  readonly epoch: number;
  readonly sequence: number;
}

export interface EntryText {
  readonly value: string;
  readonly version: VersionText;
}

export interface KeyedEntryText extends EntryText {
  readonly key: string;
}

/** What one commit did. */
export interface CommitText {
  readonly version: VersionText;
  readonly committedAt: number;
  readonly entries: readonly {
    readonly key: string;
    readonly kind: 'put' | 'delete';
    readonly value: string;
    /** Infinity: never. */
    readonly expiresAt: number;
  }[];
  readonly rangeDeletes: readonly RangeText[];
}

/** Cumulative, since the database exists. */
export interface UsageText {
  readonly commits: number;
  readonly writeUnits: number;
  readonly writtenBytes: number;
}

/** Commits of one database in one segment of one session's log. */
export interface FrameText {
  readonly session: string;
  readonly segment: number;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Of each commit, from `firstSequence` on: equal digests are equal effects. */
  readonly digests: readonly string[];
}

/** Something that must not be, in words, and which rule it breaks. */
export interface Violation {
  readonly rule: string;
  readonly database: number | undefined;
  readonly what: string;
}
