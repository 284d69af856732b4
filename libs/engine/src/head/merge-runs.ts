import type { Entry } from '../entry.js';
import { compareEntries, compareKeys } from '../entry.js';

/** Two runs in order as one, by key: all versions of each, newest first. A version that both have comes once. */
export function* mergeRuns(first: Iterable<Entry>, second: Iterable<Entry>): Generator<readonly Entry[]> {
  const a = first[Symbol.iterator]();
  const b = second[Symbol.iterator]();
  let left = a.next();
  let right = b.next();
  let versions: Entry[] = [];
  while (left.done !== true || right.done !== true) {
    const order =
      left.done === true ? 1 : right.done === true ? -1 : compareEntries(left.value as Entry, right.value as Entry);
    const entry = (order <= 0 ? left.value : right.value) as Entry;
    if (order <= 0) left = a.next();
    if (order >= 0) right = b.next();
    const last = versions[versions.length - 1];
    if (last !== undefined && compareKeys(last.key, entry.key) !== 0) {
      yield versions;
      versions = [];
    }
    versions.push(entry);
  }
  if (versions.length > 0) yield versions;
}
