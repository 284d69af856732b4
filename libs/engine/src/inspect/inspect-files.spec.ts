import { utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld } from '../../testing/engine-world.js';
import { compactDatabase } from '../compaction/compact-database.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { filesOf } from '../head/file-ids.js';
import { inspectFiles } from './inspect-files.js';
import type { InspectedLevel, LevelName } from './inspected-level.js';

const HOUR = 60 * 60 * 1000;
const TO_FILE = { inlineLimitBytes: 0 };
const MOST = 100;

function levelOf(levels: readonly InspectedLevel[], name: LevelName): InspectedLevel {
  return levels.find((level) => level.name === name) as InspectedLevel;
}

/** L1 of `a`, `e`, `m`, `r` and `z`, a file each, and behind it a commit of each of these to L0. */
async function layered(retentionMs: number, ...l0: readonly Readonly<Record<string, string>>[]): Promise<EngineWorld> {
  const world = new EngineWorld();
  await world.claim(retentionMs);
  const first = Object.fromEntries(['a', 'e', 'm', 'r', 'z'].map((key) => [key, '1']));
  await world.flush([world.commit(first)], TO_FILE);
  await compactDatabase(world.ctx, DATABASE, { l0Files: 1, targetFileBytes: 1 });
  for (const effects of l0) await world.flush([world.commit(effects)], TO_FILE);
  return world;
}

describe('files of a head, by level', () => {
  it('are all in one level each, with the sums that they have together', async () => {
    const world = await layered(HOUR, { b: '2' }, { e: '3' });
    const { head } = await world.load();
    const levels = inspectFiles(head, world.clock.now(), MOST);
    const found = levels.flatMap(({ first }) => first.map(({ ref }) => ref.id)).sort();
    expect(found).toEqual([...filesOf(head)].map(({ id }) => id).sort());
    expect(levels.map(({ name, files }) => [name, files])).toEqual([
      ['l0', 2],
      ['l1', 5],
      ['merged', 1],
      ['versions', 0],
      ['idempotency', 0],
    ]);
    for (const { first, files, sizeBytes, entries } of levels) {
      expect(first).toHaveLength(files);
      expect(sizeBytes).toBe(first.reduce((sum, { ref }) => sum + ref.sizeBytes, 0));
      expect(entries).toBe(first.reduce((sum, { ref }) => sum + ref.entries, 0));
    }
  });

  it('stand in L0 with the files of L1 that they reach into', async () => {
    const world = await layered(0, { d: '2', e: '2' }, { n: '3', p: '3' }, { A: '4', zz: '4' }, { m: '5' });
    const { head } = await world.load();
    const l0 = levelOf(inspectFiles(head, world.clock.now(), MOST), 'l0');
    expect(l0.first.map(({ overlaps }) => overlaps)).toEqual([1, 5, 0, 1]);
  });

  it('tell where they lie among each other by places, and no key', async () => {
    const world = await layered(0, { d: '2', e: '2' });
    const { head } = await world.load();
    const levels = inspectFiles(head, world.clock.now(), MOST);
    // In order: a d e m r z.
    expect(levelOf(levels, 'l0').first.map(({ keys }) => keys)).toEqual([{ from: 1, to: 2 }]);
    expect(levelOf(levels, 'l1').first.map(({ keys }) => keys?.from)).toEqual([0, 2, 3, 4, 5]);
  });

  it('are told up to a bound, with the sums of all', async () => {
    const world = await layered(0, { b: '2' }, { c: '3' }, { d: '4' });
    const { head } = await world.load();
    const levels = inspectFiles(head, world.clock.now(), 2);
    const all = inspectFiles(head, world.clock.now(), MOST);
    for (const name of ['l0', 'l1'] as const) {
      expect(levelOf(levels, name).first.map(({ ref }) => ref.id)).toEqual(
        levelOf(all, name)
          .first.slice(0, 2)
          .map(({ ref }) => ref.id),
      );
      const { files, sizeBytes, entries } = levelOf(all, name);
      expect(levelOf(levels, name)).toMatchObject({ files, sizeBytes, entries });
    }
  });

  it('are told in no time, however many they are', async () => {
    const { head } = await (await layered(0)).load();
    const [file] = head.l1;
    const l1 = Array.from({ length: 100_000 }, (_, at): SstRef => {
      const key = utf8(String(at).padStart(6, '0'));
      return { ...(file as SstRef), minKey: key, maxKey: key };
    });
    const many: Head = { ...head, l1, l0: [{ ...(file as SstRef), minKey: utf8('0'), maxKey: utf8('z') }] };
    const levels = inspectFiles(many, 0, MOST);
    expect(levelOf(levels, 'l1')).toMatchObject({ files: 100_000, entries: 100_000 * (file as SstRef).entries });
    expect(levels.flatMap(({ first }) => first)).toHaveLength(MOST + 1);
    expect(levelOf(levels, 'l0').first[0]?.overlaps).toBe(100_000);
  });

  it('have a share of garbage in L1 once the window has passed it', async () => {
    const world = new EngineWorld();
    await world.claim(HOUR);
    await world.flush([world.commit({ a: '1' }), world.commit({ a: '2' })], TO_FILE);
    await compactDatabase(world.ctx, DATABASE, { l0Files: 1 });
    const shareAt = async (now: number) =>
      levelOf(inspectFiles((await world.load()).head, now, MOST), 'l1').first[0]?.garbageShare;
    expect(await shareAt(world.clock.now())).toBe(0);
    expect(await shareAt(world.clock.now() + 2 * HOUR)).toBeGreaterThan(0);
  });
});
