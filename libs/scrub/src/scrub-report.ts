/** What a scrub has seen of a bucket. Where nothing changes meanwhile, `objects` = `referenced` − `missing` + `orphans` + `young`. */
export interface ScrubReport {
  /** Listed, whatever they are. */
  readonly objects: number;
  /** Objects that have to be there: records, heads, seals and pins, and what these name. */
  readonly referenced: number;
  /** Of these, the ones that are not. */
  readonly missing: number;
  /** Of these, the ones whose bytes are not what they should be. */
  readonly corrupt: number;
  /** What nobody references. No error: it waits for gc and purge. */
  readonly orphans: number;
  /** Orphans that are younger than the grace, which `orphans` does not count. */
  readonly young: number;
  readonly databases: number;
  readonly sessions: number;
  /** Heads that say so of themselves: somebody has to look. */
  readonly quarantined: number;
  /** Sealed sessions whose log is not closed: a contender is at it, or died at it, or seals were lost. The next recovery closes it. */
  readonly unclosed: number;
  /** One for each object that is missing, corrupt or an orphan, young ones too; at most {@link FINDINGS_LIMIT}. The counts go on. */
  readonly findings: readonly ScrubFinding[];
}

export interface ScrubFinding {
  readonly kind: FindingKind;
  /** Of the object. */
  readonly name: string;
  readonly why: string;
}

export type FindingKind = 'missing' | 'corrupt' | 'orphan' | 'young';

/** More of them are not read by anybody. */
export const FINDINGS_LIMIT = 10_000;
