import { beforeEach, describe, expect, it } from '@jest/globals';

import { EngineWorld, memtableOf } from '../../testing/engine-world.js';
import type { Commit } from '../entry.js';
import type { Head } from '../format/head.js';
import type { Memtable } from '../memtable/memtable.js';
import type { ChangePage } from './read-changes.js';
import { readChanges } from './read-changes.js';

const MAX_BYTES = 10_000;
const RETENTION_MS = 60 * 60 * 1000;
/** Nothing stays in the head. */
const INTO_FILES = { inlineLimitBytes: 0 };

let world: EngineWorld;

beforeEach(async () => {
  world = new EngineWorld();
  await world.claim(RETENTION_MS);
});

const commitOf = (bytes: number): Commit => world.commit({ k: new Uint8Array(bytes) });

function pageSince(since: number, head: Head, memtables: readonly Memtable[] = []): Promise<ChangePage> {
  const source = { memtables, head, files: { store: world.store, cache: undefined } };
  return readChanges(source, { since, maxCommits: 1_000, maxBytes: MAX_BYTES });
}

const shown = ({ commits, through }: ChangePage) => [commits.map(({ version }) => version.sequence), through];

describe('a page of the change feed', () => {
  it('ends before a commit of the next file that does not fit any more', async () => {
    await world.flush([commitOf(MAX_BYTES - 1_000)], INTO_FILES);
    const { head } = await world.flush([commitOf(MAX_BYTES - 1_000), commitOf(100)], INTO_FILES);
    expect(head.l0).toHaveLength(2);
    expect(shown(await pageSince(0, head))).toEqual([[1], 1]);
    expect(shown(await pageSince(1, head))).toEqual([[2, 3], 3]);
  });

  it('ends before a commit of the head or of memory that does not fit any more', async () => {
    await world.flush([commitOf(MAX_BYTES - 1_000)], INTO_FILES);
    const { head } = await world.flush([commitOf(2_000)]);
    expect([head.l0.length, head.inline.length]).toEqual([1, 1]);
    const memtables = [memtableOf([commitOf(MAX_BYTES)])];
    expect(shown(await pageSince(0, head, memtables))).toEqual([[1], 1]);
    expect(shown(await pageSince(1, head, memtables))).toEqual([[2], 2]);
  });

  it('holds one commit, whatever its size and wherever it lies', async () => {
    await world.flush([commitOf(2 * MAX_BYTES)], INTO_FILES);
    const { head } = await world.flush([commitOf(2 * MAX_BYTES)], INTO_FILES);
    const memtables = [memtableOf([commitOf(2 * MAX_BYTES)])];
    for (const since of [0, 1, 2]) {
      expect(shown(await pageSince(since, head, memtables))).toEqual([[since + 1], since + 1]);
    }
  });
});
