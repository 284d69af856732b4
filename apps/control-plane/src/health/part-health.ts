/**
 * How a part of the installation is. `ok`; `not-ready`: it answers, and says that it should get no work; `no-answer`: none in time; `late`: it
 * should have shown itself by now; `not-configured`: this control plane is not told where it is.
 */
export const PART_STATES = ['ok', 'not-ready', 'no-answer', 'late', 'not-configured'] as const;
export type PartState = (typeof PART_STATES)[number];

export const PART_KINDS = ['gateway', 'worker', 'compactor', 'queues', 'postgres', 'bucket', 'other'] as const;
export type PartKind = (typeof PART_KINDS)[number];

/** What a look at a part found. */
export interface PartLook {
  readonly kind: PartKind;
  /** Apart from others of its kind. */
  readonly name: string;
  readonly state: PartState;
  /** Of the probe; null where there was none, or no answer. */
  readonly latencyMs: number | null;
  /** What else is to be known, for people; null: nothing. */
  readonly detail: string | null;
  /** Since when the part says that it is so; undefined: since it was first seen so. */
  readonly since?: Date;
}

/** A part as operators are told. */
export interface PartHealth extends Omit<PartLook, 'since'> {
  /** Since when it is in this state. */
  readonly since: Date;
}
