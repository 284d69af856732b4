import type { ByteRange, Database } from '@leasehold/client';
import { useQuery } from '@tanstack/react-query';

import { useDatabaseName } from '../api/database-name.js';
import { base64UrlOf, behindAll } from './bytes.js';
import { behind, branchOf, type Branch } from './branches.js';
import type { KeyView } from './key-text.js';

/** Below one folder. Each that is found costs a read of one key. */
export const MAX_BRANCHES = 40;

export interface Branches {
  readonly branches: readonly Branch[];
  /** There are others behind the last. */
  readonly areMore: boolean;
}

/** The folders and keys right below a prefix: the first key of each is read, and then what lies behind all of it. */
export function useBranches(data: Database, prefix: Uint8Array, view: KeyView, at: Date | undefined, isOpen: boolean) {
  const name = useDatabaseName();
  return useQuery({
    queryKey: ['branches', name, base64UrlOf(prefix), view, at?.getTime() ?? null],
    enabled: isOpen,
    // Opened again, or read again, it shows what is there then.
    gcTime: 0,
    refetchOnMount: 'always',
    queryFn: ({ signal }) => readBranches(data, prefix, view, at, signal),
  });
}

async function readBranches(
  data: Database,
  prefix: Uint8Array,
  view: KeyView,
  at: Date | undefined,
  signal: AbortSignal,
): Promise<Branches> {
  const branches: Branch[] = [];
  const end = prefix.length === 0 ? undefined : behindAll(prefix);
  let start: Uint8Array | undefined = prefix;
  while (start !== undefined) {
    const range: ByteRange = { ...(start.length > 0 && { start }), ...(end && { end }) };
    const { entries } = await data.bytes.page({ ...range, limit: 1, at, signal });
    const [first] = entries;
    if (first === undefined) break;
    if (branches.length === MAX_BRANCHES) return { branches, areMore: true };
    const branch = branchOf(first.key, prefix, view);
    branches.push(branch);
    start = behind(branch);
  }
  return { branches, areMore: false };
}
