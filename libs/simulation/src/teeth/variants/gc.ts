import type { Variant } from '../variant.js';

const COLLECT = 'libs/engine/src/gc/collect-garbage.ts';
const IDS = 'libs/engine/src/head/file-ids.ts';
const PINS = 'libs/engine/src/gc/pins.ts';
const RULES = 'libs/engine/src/head/edit-rules.ts';
const HEAD_FILES = 'libs/engine/src/read/head-files.ts';

/** G1, G2: which files may be deleted, and what readers make of it. */
export const BROKEN_COLLECTIONS: readonly Variant[] = [
  {
    name: 'collects-without-raising-the-floor',
    invariant: 'G1',
    breaks: 'unreferenced files are deleted by their age alone, while a compactor is about to publish them',
    setting: 'slow-compactors',
    patches: [
      {
        file: COLLECT,
        find: 'const floored = await raiseFloor(heads, base, highest);',
        replace: 'const floored = await heads.load(databaseId);',
      },
      {
        file: COLLECT,
        find: 'const storeNow = (await heads.load(databaseId))?.lastModifiedAt;',
        replace: 'const storeNow = ctx.clock.now();',
      },
    ],
  },
  {
    name: 'lists-before-it-raises-the-floor',
    invariant: 'G1',
    breaks: 'a file counts as unreferenced by a head from before the floor was raised',
    setting: 'overtaken-compactors',
    patches: [
      {
        file: COLLECT,
        find: 'const referenced = referencedFiles(floored.head);',
        replace: 'const referenced = referencedFiles(base.head);',
      },
    ],
  },
  {
    name: 'publishes-below-the-floor',
    invariant: 'G1',
    breaks: 'a file is added to a head whose floor has risen above it',
    setting: 'overtaken-compactors',
    patches: [
      { file: IDS, find: 'return head.gcFloor === undefined || ref.id > head.gcFloor;', replace: 'return true;' },
    ],
  },
  {
    name: 'draws-file-ids-by-the-clock-alone',
    invariant: 'G1',
    breaks: 'ids of new files lie where the clock says, be it below the floor',
    setting: 'eager-collectors',
    patches: [
      { file: IDS, find: 'if (head.gcFloor !== undefined) ids.above(head.gcFloor);', replace: '' },
      { file: IDS, find: 'if (highest !== undefined) ids.above(highest);', replace: '' },
      { file: RULES, find: "return 'files are added above the gc floor only (G1)';", replace: 'continue;' },
    ],
  },
  {
    name: 'collects-what-is-pinned',
    invariant: 'G1',
    breaks: 'files are deleted that a pin names',
    setting: 'slow-compactors',
    patches: [{ file: COLLECT, find: '!pinned.has(id) &&', replace: '' }],
  },
  {
    name: 'collects-what-only-history-names',
    invariant: 'G1',
    breaks: 'files are deleted that the past and the change feed are read from',
    patches: [
      {
        file: COLLECT,
        find: 'for (const { id, folder } of filesOf(head))',
        replace: 'for (const { id, folder } of [...head.l0, ...head.l1, ...head.idempotency.files])',
      },
    ],
  },
  {
    name: 'pins-without-reading-the-head-again',
    invariant: 'G2',
    breaks: 'what is pinned may have been gone before the pin was there',
    setting: 'overtaken-compactors',
    patches: [
      {
        file: PINS,
        find: 'if (stored !== undefined && own.every((id) => present.has(id))) return { pin, head };',
        replace: 'return { pin, head };',
      },
    ],
  },
  {
    name: 'takes-a-missing-file-for-empty',
    invariant: 'G2',
    breaks: 'a reader goes on as if a file that is gone had nothing in it',
    setting: 'eager-collectors',
    patches: [
      {
        file: HEAD_FILES,
        find: 'covering.filter((_, i) => maybe[i]).map((reader) => reader.get(key, commits.through)),',
        replace: `covering
        .filter((_, i) => maybe[i])
        .map((reader) => reader.get(key, commits.through).catch(unlessMissing(undefined))),`,
      },
      {
        file: HEAD_FILES,
        find: 'covering.map((reader) => reader.mayContain(hash))',
        replace: 'covering.map((reader) => reader.mayContain(hash).catch(unlessMissing(false)))',
      },
      {
        file: HEAD_FILES,
        find: 'const known = new WeakMap<Head, HeadFiles>();',
        replace: `const known = new WeakMap<Head, HeadFiles>();
function unlessMissing<T>(instead: T): (error: Error) => T {
  return (error) => {
    if (error.name !== 'MissingFileError') throw error;
    return instead;
  };
}`,
      },
    ],
  },
];
