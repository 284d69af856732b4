import type { Commit, Head, Memtable } from '@leasehold/engine';
import { ENGINE_LIMITS } from '@leasehold/engine';

import { countRecords, MAX_IDEMPOTENCY_RECORDS } from './idempotency.js';
import type { Transaction } from './transaction.js';
import { addedBytes } from './transaction-cost.js';

/** Which limit of its database a commit would break. */
export type Shortage = 'bytes' | 'range deletes' | 'idempotency keys';

/**
 * Whether there is room for one more commit. Bytes are counted from above: what was overwritten counts until a compaction has dropped it,
 * and so does all that was written since the last flush. Deletes always have room.
 */
export function shortageFor(
  { ops, idempotencyKey }: Pick<Transaction, 'ops' | 'idempotencyKey'>,
  commit: Commit,
  memtables: readonly Memtable[],
  head: Head,
): Shortage | undefined {
  const added = addedBytes(ops);
  if (added > 0) {
    // Both counters are cumulative, this commit included in the first.
    const unflushed = commit.usage.writtenBytes - head.usage.total.writtenBytes;
    if (head.statistics.liveBytes + Math.max(added, unflushed) > head.options.maxBytes) return 'bytes';
  }
  if (commit.rangeDeletes.length > 0) {
    let listed = head.rangeDeletes.length + commit.rangeDeletes.length;
    for (const memtable of memtables) listed += memtable.rangeDeletes.length;
    if (listed > ENGINE_LIMITS.rangeDeletes) return 'range deletes';
  }
  if (idempotencyKey !== undefined && countRecords(memtables, head) >= MAX_IDEMPOTENCY_RECORDS) {
    return 'idempotency keys';
  }
  return undefined;
}
