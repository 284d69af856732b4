import type { Head, HistoryFile } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';

/** About 150 KB of a head. Past it retention gives way and the oldest leave: a head is read at every cold open and written at every flush. */
export const HISTORY_FILES = 1_024;

export interface TrimmedHistory {
  readonly history: readonly HistoryFile[];
  /** Reads of the past below it have lost something (C1). */
  readonly horizon: number;
}

/** Without the files whose every commit lies at or before the retention point, nor those beyond {@link HISTORY_FILES}. */
export function trimHistory(
  history: readonly HistoryFile[],
  { throughSequence, horizon }: { readonly throughSequence: number; readonly horizon: number },
): TrimmedHistory {
  const surplus = history.length - HISTORY_FILES;
  let raised = horizon;
  const kept = history.filter(({ role, ref }, i) => {
    if (ref.coversThrough > throughSequence && i >= surplus) return true;
    // Old versions of inline keys are nowhere else. What hid the newest of them is in the file too, or came later and was inline.
    if (role === 'versions') raised = Math.max(raised, ref.maxSequence);
    return false;
  });
  return { history: kept.length === history.length ? history : kept, horizon: raised };
}

/** By ascending commits, with these as well. */
export function withHistory(
  history: readonly HistoryFile[],
  role: HistoryFile['role'],
  refs: readonly SstRef[],
): readonly HistoryFile[] {
  if (refs.length === 0) return history;
  const added = refs.map((ref): HistoryFile => ({ role, ref }));
  return [...history, ...added].sort((a, b) => a.ref.coversFrom - b.ref.coversFrom);
}

/**
 * The sequence from which on the change feed is complete: `since` may not lie below. Every flush leaves a file that covers what follows the
 * one before, so it is as far as they go back without a gap, and not below the horizon.
 */
export function changesCompleteFrom(head: Pick<Head, 'horizon' | 'history' | 'inlineFrom' | 'l0'>): number {
  const covering = coveringFiles(head);
  let from = head.inlineFrom;
  for (let i = covering.length - 1; i >= 0; i--) {
    const ref = covering[i] as SstRef;
    if (ref.coversThrough !== from - 1) break;
    from = ref.coversFrom;
  }
  return Math.max(head.horizon, from - 1);
}

/** The files that the change feed is read from, by ascending commits. */
export function coveringFiles({ history, l0 }: Pick<Head, 'history' | 'l0'>): SstRef[] {
  return [...history.map(({ ref }) => ref), ...l0]
    .filter(({ coversThrough }) => coversThrough > 0)
    .sort((a, b) => a.coversFrom - b.coversFrom);
}
