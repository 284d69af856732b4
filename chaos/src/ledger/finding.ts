/**
 * What must never be seen.
 *
 * - `lost`: acknowledged, and at the end not there, or something older is
 * - `stale`: a read that began after an acknowledgement, or after another read, shows something older
 * - `doubled`: a version given to two contents, a write applied twice, a compare-and-swap applied over a newer value
 * - `phantom`: a write that was refused, or that nobody sent, is there
 * - `disorder`: a later write got an earlier version, or a condition that held was refused
 * - `foreign`: bytes of another database or another key
 * - `damaged`: bytes that nobody wrote
 */
export const FINDING_KINDS = ['lost', 'stale', 'doubled', 'phantom', 'disorder', 'foreign', 'damaged'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly database: string;
  readonly key: string;
  readonly detail: string;
}

/** Kept whole; further ones are only counted. */
const EXAMPLES_LIMIT = 50;

/** Counts findings and keeps the first ones for whoever has to find the cause. */
export class Findings {
  private readonly counted = new Map<FindingKind, number>();
  private readonly kept: Finding[] = [];

  constructor(private readonly onFinding: (finding: Finding) => void = () => undefined) {}

  add(finding: Finding): void {
    this.counted.set(finding.kind, this.count(finding.kind) + 1);
    if (this.kept.length >= EXAMPLES_LIMIT) return;
    this.kept.push(finding);
    this.onFinding(finding);
  }

  count(kind: FindingKind): number {
    return this.counted.get(kind) ?? 0;
  }

  get total(): number {
    return FINDING_KINDS.reduce((sum, kind) => sum + this.count(kind), 0);
  }

  get examples(): readonly Finding[] {
    return this.kept;
  }
}
