import { assert } from '@leasehold/foundation';

import { compareObjectKeys } from './object-key.js';
import { LIST_PAGE_OBJECTS } from './object-store.js';
import type { GetOptions, ListOptions, ListPage, ListedObject } from './object-store.js';
import type { OrderedKeys } from './ordered-keys.js';

/** One page out of an index in memory: what `ObjectStore.list` promises. */
export function listPage(
  keys: OrderedKeys,
  prefix: string,
  options: ListOptions,
  describe: (key: string) => Omit<ListedObject, 'key'>,
): ListPage {
  const { startAfter, limit = LIST_PAGE_OBJECTS } = options;
  assert(Number.isInteger(limit) && limit >= 1 && limit <= LIST_PAGE_OBJECTS, 'a page has 1 to 1000 objects');
  const from = startAfter !== undefined && compareObjectKeys(startAfter, prefix) > 0 ? startAfter : prefix;
  const objects: ListedObject[] = [];
  for (const key of keys.from(from)) {
    if (key === startAfter) continue;
    if (!key.startsWith(prefix)) break;
    if (objects.length === limit) return { objects, truncated: true };
    objects.push({ key, ...describe(key) });
  }
  return { objects, truncated: false };
}

/** The bytes [start, end) that a range selects of an object; empty where it lies past the end. */
export function selectRange(sizeBytes: number, range: GetOptions['range']): { start: number; end: number } {
  if (!range) return { start: 0, end: sizeBytes };
  if ('suffix' in range) {
    assert(Number.isSafeInteger(range.suffix) && range.suffix > 0, 'a suffix has at least one byte');
    return { start: Math.max(0, sizeBytes - range.suffix), end: sizeBytes };
  }
  assert(
    Number.isSafeInteger(range.start) && range.start >= 0 && range.end > range.start,
    'a range has at least one byte',
  );
  const end = Math.min(range.end, sizeBytes);
  return { start: Math.min(range.start, end), end };
}
