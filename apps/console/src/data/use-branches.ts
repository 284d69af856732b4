import type { Database } from '@leasehold/client';
import { useQuery } from '@tanstack/react-query';

import { useDatabaseName } from '../api/database-name.js';
import { base64UrlOf } from './bytes.js';
import { behind, branchOf, type Branch } from './branches.js';
import { addressOfRange, byteRangeOf, isBackwards, rangeBelow, type KeyRange } from './key-range.js';
import type { KeyView } from './key-text.js';

/** Below one folder. Each that is found costs a read of one key. */
export const MAX_BRANCHES = 40;

export interface Branches {
  readonly branches: readonly Branch[];
  /** There are others behind the last. */
  readonly areMore: boolean;
}

/** Where all keys begin. */
const FIRST = new Uint8Array(0);

/** What of a database is looked for folders. */
export interface Searched {
  readonly data: Database;
  /** Only keys that lie in it count. */
  readonly range: KeyRange;
  readonly view: KeyView;
  readonly at: Date | undefined;
}

/** The folders and keys right below a prefix: the first key of each is read, and then what lies behind all of it. */
export function useBranches(searched: Searched, prefix: Uint8Array) {
  const name = useDatabaseName();
  const { range, view, at } = searched;
  return useQuery({
    queryKey: ['branches', name, base64UrlOf(prefix), addressOfRange(range), view, at?.getTime() ?? null],
    // Opened again, or read again, it shows what is there then.
    gcTime: 0,
    refetchOnMount: 'always',
    queryFn: ({ signal }) => readBranches(searched, prefix, signal),
  });
}

async function readBranches(
  { data, range, view, at }: Searched,
  prefix: Uint8Array,
  signal: AbortSignal,
): Promise<Branches> {
  const branches: Branch[] = [];
  const { start: first, end } = rangeBelow(prefix, range);
  let start: Uint8Array | undefined = first ?? FIRST;
  while (start !== undefined && !isBackwards({ start, end })) {
    const { entries } = await data.bytes.page({ ...byteRangeOf(FIRST, { start, end }), limit: 1, at, signal });
    const [found] = entries;
    if (found === undefined) break;
    if (branches.length === MAX_BRANCHES) return { branches, areMore: true };
    const branch = branchOf(found.key, prefix, view);
    branches.push(branch);
    start = behind(branch);
  }
  return { branches, areMore: false };
}
