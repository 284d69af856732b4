import { forEachBounded } from '@leasehold/foundation';

/**
 * As forEachBounded, with a bound also on the bytes of those under way: an item waits until it fits beside the others, or is alone.
 * @param bytes for all that are under way
 */
export async function forEachWithin<T extends { readonly sizeBytes: number }>(
  items: Iterable<T>,
  limit: number,
  bytes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let usedBytes = 0;
  let waiting: (() => void)[] = [];
  let failed = false;
  await forEachBounded(items, limit, async (item) => {
    while (!failed && usedBytes > 0 && usedBytes + item.sizeBytes > bytes) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    // It waited for one that failed.
    if (failed) return;
    usedBytes += item.sizeBytes;
    try {
      await work(item);
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      usedBytes -= item.sizeBytes;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    }
  });
}
