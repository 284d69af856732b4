import type { Commit, Entry, Head, RangeDelete, SstRef } from '@leasehold/engine';
import { equalBytes } from '@leasehold/foundation';

import { textOf } from '../workload/translation.js';
import type { Report } from './findings.js';
import type { EntriesByKey, KeyContents } from './head-contents.js';
import { HeadContents } from './head-contents.js';

/** One lost key is told; what it lost with it is not. */
const TOLD_KEYS = 3;

/**
 * What reads find may not change but by commits (H2, H3, H5), and what was found in the past only below the horizon (C1). Whoever edits a
 * head, from its horizon on each read finds what it found before, with the commits that the edit brings.
 *
 * @param commits that `next` contains and `base` does not; of one that a claim carried, what it deleted is not known
 */
export function judgeContents(
  base: Head,
  next: Head,
  commits: readonly Commit[],
  fileOf: (ref: SstRef) => EntriesByKey,
  report: Report,
): void {
  const before = new HeadContents(base, fileOf, commits);
  const after = new HeadContents(next, fileOf);
  const rule = next.epoch > base.epoch ? 'H3' : commits.length > 0 ? 'H5' : 'H2';
  let told = 0;
  const present = next.lastCommit.sequence;
  const mayDelete = commits.at(-1)?.version.epoch === next.epoch && next.epoch > base.epoch;
  for (const key of touchedKeys(base, next, commits, fileOf, before, after)) {
    const change = firstChange({ present, next, mayDelete }, before.of(key), after.of(key));
    if (change === undefined) continue;
    const what = `a read of ${key} at ${change.at} found ${change.was}, and finds ${change.is}`;
    report(change.at === present ? rule : 'C1', what);
    if (++told === TOLD_KEYS) return;
  }
}

interface Edit {
  /** The last commit of the new head. */
  readonly present: number;
  readonly next: Head;
  /** What the last commit deleted is not known. */
  readonly mayDelete: boolean;
}

/** Where reads of a key begin to differ: first looked for in the present. */
function firstChange({ present, next, mayDelete }: Edit, before: KeyContents, after: KeyContents) {
  const { horizon, lastCommittedAt } = next;
  const points = new Set([present, horizon, ...before.changes(horizon), ...after.changes(horizon)]);
  for (const at of points) {
    const [was, is] = [before.at(at), after.at(at)];
    const isDeleted = mayDelete && at === present && is === undefined;
    if (!isSame(was, is, lastCommittedAt) && !isDeleted) return { at, was: nameOf(was), is: nameOf(is) };
  }
  return undefined;
}

function isSame(was: Entry | undefined, is: Entry | undefined, lastCommittedAt: number): boolean {
  // What expires may be gone once a commit was later: before, its owner may have a clock on which it has not expired.
  if (was === undefined || is === undefined)
    return was === is || (is === undefined && was !== undefined && was.expiresAt <= lastCommittedAt);
  return (
    was.version.sequence === is.version.sequence &&
    was.version.epoch === is.version.epoch &&
    was.expiresAt === is.expiresAt &&
    equalBytes(was.value, is.value)
  );
}

function nameOf(entry: Entry | undefined): string {
  return entry === undefined ? 'nothing' : `commit ${entry.version.sequence} of epoch ${entry.version.epoch}`;
}

/** Keys of everything that is not in both heads alike. */
function touchedKeys(
  base: Head,
  next: Head,
  commits: readonly Commit[],
  fileOf: (ref: SstRef) => EntriesByKey,
  before: HeadContents,
  after: HeadContents,
): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { entries } of commits) for (const { key } of entries) keys.add(textOf(key));
  if (base.inline !== next.inline) {
    for (const { key } of base.inline) keys.add(textOf(key));
    for (const { key } of next.inline) keys.add(textOf(key));
  }
  const [were, are] = [readFiles(base), readFiles(next)];
  for (const [name, ref] of [...were, ...are]) {
    if (were.has(name) && are.has(name)) continue;
    for (const key of fileOf(ref).keys()) keys.add(key);
  }
  const hiding = new Set(next.rangeDeletes.map(({ version }) => version.sequence));
  const gone = before.rangeDeletes.filter(({ version }) => !hiding.has(version.sequence));
  const brought = commits.flatMap(({ rangeDeletes }) => rangeDeletes);
  const addKeysOf = (range: RangeDelete): void => {
    for (const contents of [before, after]) for (const key of contents.keysIn(range)) keys.add(key);
  };
  for (const range of [...gone, ...brought]) addKeysOf(range);
  return keys;
}

/** Files in which reads look for values. A file has one role at a time, but for L0 and L1, which read alike. */
function readFiles({ l0, l1, history }: Head): ReadonlyMap<string, SstRef> {
  const named = [...l0, ...l1].map((ref) => [`${ref.folder ?? ''}/${ref.id}`, ref] as const);
  const versions = history
    .filter(({ role }) => role === 'versions')
    .map(({ ref }) => [`versions ${ref.folder ?? ''}/${ref.id}`, ref] as const);
  return new Map([...named, ...versions]);
}
