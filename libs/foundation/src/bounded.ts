import { assert } from './assert.js';

/**
 * Runs `work` for every item, at most `limit` at a time; the next item is asked for only when there is room. What is at hand begins
 * before this returns.
 *
 * Rejects with the first failure, after which no new item is begun, and only when those that were under way have ended: nothing goes
 * on unseen, and the limit holds for whoever tries again.
 */
export async function forEachBounded<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  assert(limit >= 1, `work needs room: ${limit}`);
  const isAsync = Symbol.asyncIterator in items;
  const rest = isAsync ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (failures.length === 0) {
      try {
        const step = rest.next();
        // Where there is nothing to wait for, a wait would still let others go first.
        const next = isAsync ? await step : (step as IteratorResult<T>);
        if (next.done === true || failures.length > 0) return;
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (failures.length > 0) throw failures[0];
}
