import {
  commitOf,
  emptyHead,
  flushInto,
  HeadStore,
  Memtable,
  putEntry,
  sstWriterOfFlush,
  type Head,
} from '@leasehold/engine';
import { utf8, type DatabaseId, type TenantId } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

export const KEYS_PER_FILE = 10;

/**
 * A database whose head names as many L0 files, as its owner would have flushed them; each overwrites the same keys. It keeps no past,
 * so that what a merge replaces is garbage at once.
 */
export async function createFlushedDatabase(ctx: SettleContext, databaseId: DatabaseId, files: number): Promise<void> {
  const empty = emptyHead({ databaseId, tenantId: 'tenant' as TenantId, name: 'orders' });
  let head: Head = { ...empty, epoch: 1, options: { ...empty.options, retentionMs: 0 } };
  for (let file = 1; file <= files; file++) {
    const memtable = new Memtable();
    const version = { epoch: 1, sequence: file };
    const entries = Array.from({ length: KEYS_PER_FILE }, (_, key) => {
      return putEntry(utf8(`key-${key}`), version, utf8(`value of file ${file}`));
    });
    memtable.put(commitOf(version, entries));
    head = await flushInto(head, memtable, { inlineLimitBytes: 0 }, sstWriterOfFlush(ctx));
  }
  await new HeadStore(ctx).create(head);
}
