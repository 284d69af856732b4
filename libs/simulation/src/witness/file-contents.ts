import type { Head, SstRef } from '@leasehold/engine';
import { decodeSst, filesOf } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import { equalBytes } from '@leasehold/foundation';

import type { BucketState } from './bucket-state.js';
import type { Report } from './findings.js';
import type { EntriesByKey } from './head-contents.js';
import { entriesByKey } from './head-contents.js';

/** Whether all files that two heads name are in the bucket: else there is nothing to compare. */
export function areThere(state: BucketState, ...heads: readonly Head[]): boolean {
  return heads.every((head) =>
    [...filesOf(head)].every(({ id, folder }) => state.database(folder ?? head.databaseId).files.get(id)?.isPresent),
  );
}

/** What a file holds, and whether it is what a head says of it, when it is asked for first. @throws CorruptBytesError */
export function entriesOf(state: BucketState, databaseId: DatabaseId, ref: SstRef, report: Report): EntriesByKey {
  const folder = ref.folder ?? databaseId;
  const file = state.database(folder).files.get(ref.id);
  if (file?.body === undefined) return new Map();
  if (file.entries !== undefined) return file.entries;
  const decoded = decodeSst(file.body);
  if (decoded.databaseId !== folder || !isSame(decoded.ref, ref))
    report('format', `a file is not what the head says of it: ${ref.id}`);
  file.entries = entriesByKey(decoded.entries);
  return file.entries;
}

function isSame(file: SstRef, said: SstRef): boolean {
  const isEqual = (name: keyof SstRef): boolean => {
    const [is, was] = [file[name], said[name]];
    if (is instanceof Uint8Array && was instanceof Uint8Array) return equalBytes(is, was);
    // A file does not know that it is read from another folder.
    return is === was || name === 'folder';
  };
  return (Object.keys(said) as (keyof SstRef)[]).every(isEqual);
}
