import { seededRandom } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld } from '../../testing/engine-world.js';
import { collectGarbage } from '../gc/collect-garbage.js';
import { compactDatabase } from './compact-database.js';
import { UNWATCHED, type CompactionWatch } from './compaction-watch.js';
import { COMPACTION_SETTINGS } from './plan.js';

const SETTINGS = { ...COMPACTION_SETTINGS, l0Files: 2, targetFileBytes: 256 * 1024 };
const KEYS = 1_500;
const VALUE_BYTES = 2_000;
/** A block is compressed by itself, and no block is so large that it meets the same bytes twice. */
const NOISE = seededRandom(1).bytes(200 * VALUE_BYTES);

/** Two files in L0 of some megabytes each, so that each is read in several chunks, and files in L1 below one end of them. */
async function largeDatabase(): Promise<EngineWorld> {
  const world = new EngineWorld();
  await world.claim();
  const flush = (from: number, to: number) =>
    world.flush(
      [
        world.commit(
          Object.fromEntries(
            Array.from({ length: to - from }, (_, i) => [`k${String(from + i).padStart(5, '0')}`, noise(i)]),
          ),
        ),
      ],
      { inlineLimitBytes: 0 },
    );
  await flush(KEYS - 200, KEYS);
  await flush(KEYS - 100, KEYS);
  await compactDatabase(world.ctx, DATABASE, SETTINGS);
  await flush(0, KEYS);
  await flush(0, KEYS - 50);
  return world;
}

function noise(place: number): Uint8Array {
  const at = (place % 200) * VALUE_BYTES;
  return NOISE.subarray(at, at + VALUE_BYTES);
}

/** Keeps what it is told, and what was passed at each step. */
class Notes implements CompactionWatch {
  readonly plannedBytes: number[] = [];
  readonly passedBytes: number[] = [];
  publications = 0;

  constructor(private readonly onPassed: () => void = () => undefined) {}

  planned(_: string, bytes: number): void {
    this.plannedBytes.push(bytes);
  }

  passed(bytes: number): void {
    this.passedBytes.push(bytes);
    this.onPassed();
  }

  publish<T>(edit: () => Promise<T>): Promise<T> {
    this.publications++;
    expect(this.sum).toBe(this.plannedBytes.reduce((sum, bytes) => sum + bytes, 0));
    return edit();
  }

  get sum(): number {
    return this.passedBytes.reduce((sum, bytes) => sum + bytes, 0);
  }
}

const filesOf = async (world: EngineWorld): Promise<number> =>
  (await world.memory.list(`db/${DATABASE}/sst/`)).objects.length;

describe('who looks on at a compaction', () => {
  it('is told of all bytes that are read, chunk by chunk, before the one edit', async () => {
    const world = await largeDatabase();
    const { l0, l1 } = (await world.load()).head;
    const notes = new Notes();
    const report = await compactDatabase(world.ctx, DATABASE, SETTINGS, notes);
    expect(report).toMatchObject({ outcome: 'compacted', kind: 'levels' });
    expect(notes.plannedBytes).toEqual([[...l0, ...l1].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)]);
    expect(notes.passedBytes.length).toBeGreaterThanOrEqual(5);
    expect(Math.min(...notes.passedBytes)).toBeGreaterThan(0);
    expect(notes.publications).toBe(1);
  });

  /** Another compactor is faster than the first merge, and then `next` happens. */
  function outrun(world: EngineWorld, next: () => Promise<unknown>): Notes {
    const notes = new Notes();
    const publish = notes.publish.bind(notes);
    notes.publish = async (edit) => {
      if (notes.publications === 0) {
        await compactDatabase(world.ctx, DATABASE, SETTINGS);
        await next();
      }
      return publish(edit);
    };
    return notes;
  }

  it('is told of a further merge when the first was for nothing, and that it reads anew', async () => {
    const world = await largeDatabase();
    const notes = outrun(world, async () => {
      for (const value of ['1', '2']) await world.flush([world.commit({ k: value })], { inlineLimitBytes: 0 });
    });
    const report = await compactDatabase(world.ctx, DATABASE, SETTINGS, notes);
    expect(report).toMatchObject({ outcome: 'compacted', tries: 2 });
    expect([notes.plannedBytes.length, notes.publications]).toEqual([2, 2]);
  });

  it('is told of no further one where nothing is left to do', async () => {
    const world = await largeDatabase();
    const notes = outrun(world, () => Promise.resolve());
    expect(await compactDatabase(world.ctx, DATABASE, SETTINGS, notes)).toMatchObject({ outcome: 'idle', tries: 2 });
    expect([notes.plannedBytes.length, notes.publications]).toEqual([1, 1]);
  });

  it('is told of nothing where there is nothing to compact', async () => {
    const world = await largeDatabase();
    await compactDatabase(world.ctx, DATABASE, SETTINGS);
    const notes = new Notes();
    expect(await compactDatabase(world.ctx, DATABASE, SETTINGS, notes)).toMatchObject({ outcome: 'idle' });
    expect([notes.plannedBytes, notes.passedBytes, notes.publications]).toEqual([[], [], 0]);
  });
});

describe('a compaction whose signal aborts', () => {
  it('ends between two chunks, changes nothing, and leaves garbage; the next one compacts', async () => {
    const world = await largeDatabase();
    const before = await world.load();
    const filesBefore = await filesOf(world);
    const cancel = new AbortController();
    const notes = new Notes(() => {
      if (notes.passedBytes.length === 4) cancel.abort(new Error('cancelled'));
    });
    const ctx = { ...world.ctx, signal: cancel.signal };
    await expect(compactDatabase(ctx, DATABASE, SETTINGS, notes)).rejects.toThrow('cancelled');
    expect([notes.passedBytes.length, notes.publications]).toEqual([4, 0]);
    expect(await world.load()).toEqual(before);
    expect(await filesOf(world)).toBeGreaterThan(filesBefore);

    expect(await compactDatabase(world.ctx, DATABASE, SETTINGS)).toMatchObject({ outcome: 'compacted', tries: 1 });
    const { head } = await world.load();
    expect(head.l0).toEqual([]);
    expect(head.statistics.entries).toBe(KEYS);
    await collectGarbage(world.ctx, DATABASE, { minAgeMs: 0 });
    expect(await filesOf(world)).toBe(head.l1.length);
  });

  it('is published whole or not at all when who looks on refuses', async () => {
    const world = await largeDatabase();
    const before = await world.load();
    const refusing: CompactionWatch = { ...UNWATCHED, publish: () => Promise.reject(new Error('cancelled')) };
    await expect(compactDatabase(world.ctx, DATABASE, SETTINGS, refusing)).rejects.toThrow('cancelled');
    expect(await world.load()).toEqual(before);
  });
});
