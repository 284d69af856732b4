import type { SstRef } from '../format/sst-ref.js';
import type { CompactionKind, CompactionPlan } from './plan.js';

/** Who looks on while a database is compacted. */
export interface CompactionWatch {
  /** A merge of files of so many bytes begins. After a race that was lost another one does, which reads anew. */
  planned(kind: CompactionKind, bytes: number): void;
  /** So many more of them are merged, or stay where they are. Before {@link publish} their sum is what was planned. */
  passed(bytes: number): void;
  /** Makes the one edit that counts, or rejects without it: then the head is as it was. Afterwards a further merge may begin. */
  publish<T>(edit: () => Promise<T>): Promise<T>;
}

export const UNWATCHED: CompactionWatch = {
  planned: () => undefined,
  passed: () => undefined,
  publish: (edit) => edit(),
};

/** What one merge has passed of what it is to read. Only grows, and ends at the whole: what of a file is no block is passed at the end. */
export class MergeMeter {
  private leftBytes: number;

  constructor(
    private readonly watch: CompactionWatch,
    plan: CompactionPlan,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.leftBytes = plannedBytes(plan);
    watch.planned(plan.kind, this.leftBytes);
  }

  /** @throws the signal's reason: nobody waits for this merge any more */
  pass(bytes: number): void {
    this.signal?.throwIfAborted();
    const passed = Math.min(bytes, this.leftBytes);
    this.leftBytes -= passed;
    if (passed > 0) this.watch.passed(passed);
  }

  /** All that was planned is passed. @throws as {@link pass} */
  end(): void {
    this.pass(this.leftBytes);
  }
}

/** Files that one range delete hides leave unread. */
function plannedBytes({ l0, l1, records }: CompactionPlan): number {
  const bytes = (refs: readonly SstRef[]): number => refs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return bytes(l0) + bytes(l1) + bytes(records);
}
