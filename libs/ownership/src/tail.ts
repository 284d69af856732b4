import type { Frame } from '@leasehold/commit-log';
import type { Commit, Head } from '@leasehold/engine';
import { decodeCommits, FLUSH_SETTINGS, flushInto, Memtable, sstWriterOfFlush } from '@leasehold/engine';
import { CorruptBytesError } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

/**
 * The commits of a database's durable frames that its head does not contain yet, oldest first. They are of the head's epoch and
 * go on from its commit without a gap, or somebody has to look (H3, L3).
 * @throws CorruptBytesError
 */
export function commitsAfter({ epoch, lastCommit }: Head, frames: readonly Frame[]): readonly Commit[] {
  const commits = frames
    .flatMap((frame) => decodeCommits(frame.payload))
    .filter(({ version }) => version.sequence > lastCommit.sequence);
  for (const [i, { version }] of commits.entries()) {
    if (version.epoch !== epoch || version.sequence !== lastCommit.sequence + 1 + i) {
      throw new CorruptBytesError(
        `tail does not go on from its head: ${version.sequence} after ${lastCommit.sequence + i}`,
      );
    }
  }
  return commits;
}

/** The head with a durable tail in it, for the one CAS of a takeover or recovery (H3), which sets epoch and owner. */
export async function withTail(ctx: SettleContext, head: Head, tail: readonly Commit[]): Promise<Head> {
  if (tail.length === 0) return head;
  const memtable = new Memtable();
  for (const commit of tail) memtable.put(commit);
  return flushInto(head, memtable.freeze(), FLUSH_SETTINGS, sstWriterOfFlush(ctx));
}
