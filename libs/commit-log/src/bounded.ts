/** Runs `work` for every item, at most `limit` at a time. Rejects with the first failure, after which no new item is begun. */
export async function forEachBounded<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const runner = async (): Promise<void> => {
    for (let next = rest.next(); !next.done && !failed; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, runner));
}

/**
 * The same, with a bound also on the bytes of those under way: an item waits until it fits beside the others, or is alone.
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
  await forEachBounded(items, limit, async (item) => {
    while (usedBytes > 0 && usedBytes + item.sizeBytes > bytes) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    usedBytes += item.sizeBytes;
    try {
      await work(item);
    } finally {
      usedBytes -= item.sizeBytes;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    }
  });
}
