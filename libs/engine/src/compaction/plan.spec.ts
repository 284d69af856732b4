import type { Ulid } from '@leasehold/foundation';
import { utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { claimedHead, text } from '../../testing/engine-world.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { coversOf } from './execute.js';
import type { CompactionPlan } from './plan.js';
import { COMPACTION_SETTINGS, planCompaction } from './plan.js';
import { l0Pressure, WRITE_PRESSURE, writeDelayMs } from './write-pressure.js';

const MIB = 1024 * 1024;
const HOUR = 60 * 60 * 1000;

let drawn = 0;

function file(minSequence: number, maxSequence: number, rest: Partial<SstRef> = {}): SstRef {
  return {
    id: String(++drawn).padStart(26, '0') as Ulid,
    sizeBytes: 8 * MIB,
    entries: 1_000,
    deletes: 0,
    putBytes: 8 * MIB,
    superseded: 0,
    supersededBytes: 0,
    expiring: 0,
    expiresThrough: 0,
    minKey: utf8('a'),
    maxKey: utf8('z'),
    minSequence,
    maxSequence,
    coversFrom: 0,
    coversThrough: 0,
    rangeDeletesThrough: 0,
    folder: undefined,
    filterOffset: 1,
    filterLength: 1,
    indexOffset: 2,
    indexLength: 1,
    ...rest,
  };
}

/** Newest first, sizes in MiB. */
function l0Of(...sizes: readonly number[]): SstRef[] {
  return sizes.map((size, i) => {
    const sequence = 1_000 + (sizes.length - i) * 10;
    const covers = { coversFrom: sequence, coversThrough: sequence + 9 };
    return file(sequence, sequence + 9, { sizeBytes: size * MIB, ...covers });
  });
}

/** One run from 'a' on, so many files of 8 MiB. */
function l1Of(count: number, rest: Partial<SstRef> = {}): SstRef[] {
  return Array.from({ length: count }, (_, i) => {
    const key = (end: string): Uint8Array => utf8(`b${String(i).padStart(5, '0')}${end}`);
    return file(1, 900, { minKey: key('a'), maxKey: key('z'), ...rest });
  });
}

function head(parts: Partial<Head>): Head {
  return { ...claimedHead(), lastCommit: { epoch: 1, sequence: 2_000 }, lastCommittedAt: 10 * HOUR, ...parts };
}

const plan = (parts: Partial<Head>): CompactionPlan | undefined => planCompaction(head(parts));

describe('a compaction plan', () => {
  it('is nothing for a database in order', () => {
    expect(plan({ l0: l0Of(1, 1, 1), l1: l1Of(10) })).toBeUndefined();
  });

  it('brings L0 to a small L1 at once', () => {
    expect(plan({ l0: l0Of(1, 1, 1, 1), l1: l1Of(4) })).toMatchObject({
      kind: 'levels',
      l0: { length: 4 },
      l1: { length: 4 },
    });
  });

  it('merges small L0 files with each other rather than to rewrite a large L1 for them', () => {
    const l0 = l0Of(2, 2, 2, 2, 40);
    expect(plan({ l0, l1: l1Of(1_000) })).toMatchObject({ kind: 'tier', l0: l0.slice(0, 4) });
  });

  it('waits with L0 files that are of different sizes, until they are many', () => {
    const large = [60, 60, 60, 60, 60, 60, 60];
    expect(plan({ l0: l0Of(1, 8, ...large), l1: l1Of(1_000) })).toBeUndefined();
    // Then small ones make room for each other, and at last L1 is rewritten.
    expect(plan({ l0: l0Of(1, 8, 60, ...large), l1: l1Of(1_000) })).toMatchObject({ kind: 'tier', l0: { length: 2 } });
    expect(plan({ l0: l0Of(60, 60, 60, 60, ...large), l1: l1Of(1_000) })).toBeUndefined();
    expect(plan({ l0: l0Of(60, 60, 60, 60, 60, ...large), l1: l1Of(1_000) })).toMatchObject({
      kind: 'levels',
      l0: { length: 12 },
    });
  });

  it('rewrites L1 when L0 is large enough for it, and of it only what L0 reaches', () => {
    const l0 = l0Of(60, 60, 60, 60).map((ref) => ({ ...ref, minKey: utf8('b00005'), maxKey: utf8('b00009z') }));
    const { kind, l1 } = plan({ l0, l1: l1Of(1_000) }) as CompactionPlan;
    expect([kind, l1.map(({ minKey }) => text(minKey))]).toEqual([
      'levels',
      ['b00005a', 'b00006a', 'b00007a', 'b00008a', 'b00009a'],
    ]);
  });

  it('bounds what a byte is rewritten on its way into 10 GB: tiers, then ever larger merges', () => {
    // As the writer flushes 4 MiB after 4 MiB over all keys; sizes alone decide.
    const l1 = l1Of(1_250);
    const l1Bytes = 1_250 * 8;
    let l0: SstRef[] = [];
    let written = 0;
    let rewritten = 0;
    for (let flushes = 0; flushes < 1_000; flushes++) {
      const sequence = 2_000 + flushes;
      l0 = [file(sequence, sequence, { sizeBytes: 4 * MIB }), ...l0];
      written += 4;
      for (let next = plan({ l0, l1 }); next !== undefined; next = plan({ l0, l1 })) {
        const inputs = next.l0;
        const size = inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        const at = l0.findIndex(({ id }) => id === inputs[0]?.id);
        const output = next.kind === 'tier' ? [{ ...(inputs[0] as SstRef), sizeBytes: size }] : [];
        l0 = [...l0.slice(0, at), ...output, ...l0.slice(at + inputs.length)];
        rewritten += size / MIB + (next.kind === 'levels' ? l1Bytes : 0);
      }
      expect(l0.length).toBeLessThan(WRITE_PRESSURE.slowFiles + 1);
    }
    expect(rewritten / written).toBeLessThan(25);
  });

  it('rewrites L1 files by themselves that are garbage by their reference', () => {
    const [first, second, third, fourth] = l1Of(4) as [SstRef, SstRef, SstRef, SstRef];
    const l1 = [
      { ...first, deletes: 200, superseded: 150 },
      { ...second, deletes: 100 },
      { ...third, expiring: 400, expiresThrough: 10 * HOUR },
      { ...fourth, expiring: 400, expiresThrough: 10 * HOUR + 1 },
    ];
    expect(plan({ l1 })).toMatchObject({ kind: 'garbage', l0: [], l1: [l1[0], l1[2]] });
    const options = { retentionMs: HOUR, maxBytes: 1 };
    expect(planCompaction(head({ l1, options }))).toBeUndefined();
  });

  it('leaves garbage alone that the last rewrite had to keep, until the window has passed more of it', () => {
    const [first] = l1Of(1) as [SstRef];
    const timeline = (sequence: number): Head['timeline'] => [{ sequence, at: 8 * HOUR }];
    const options = { retentionMs: HOUR, maxBytes: 1 };
    // Written when 800 of its 900 commits had left the window: the deletes are later than that.
    const l1 = [{ ...first, deletes: 400, superseded: 400, rangeDeletesThrough: 800 }];
    expect(planCompaction(head({ l1, options, timeline: timeline(800) }))).toBeUndefined();
    expect(planCompaction(head({ l1, options, timeline: timeline(820) }))).toBeUndefined();
    expect(planCompaction(head({ l1, options, timeline: timeline(850) }))).toMatchObject({ kind: 'garbage', l1 });
  });

  it('makes one of small neighbours in L1', () => {
    const l1 = l1Of(6).map((ref, i) => ({ ...ref, sizeBytes: i === 0 ? 7 * MIB : MIB }));
    expect(plan({ l1 })).toMatchObject({ kind: 'garbage', l1: l1.slice(1), hidden: [] });
    expect(plan({ l1: l1.slice(0, 4) })).toBeUndefined();
    // Of any sizes, once there are many.
    const uneven = l1Of(100).map((ref, i) => ({ ...ref, sizeBytes: i % 2 === 0 ? MIB : 10 }));
    expect(plan({ l1: uneven.slice(0, 60) })).toBeUndefined();
    expect(plan({ l1: uneven })).toBeDefined();
    expect(plan({ l1: l1Of(1_000) })).toBeUndefined();
  });

  it('merges files of idempotency records no further than memory is for', () => {
    const files = (...sizes: readonly number[]): Partial<Head> => ({
      idempotency: {
        recent: [],
        recentFrom: 1,
        files: sizes.map((size) => file(1, 2, { sizeBytes: size * MIB, expiresThrough: 11 * HOUR })),
      },
    });
    const ones = [1, 1, 1, 1, 1, 1, 1];
    expect(plan(files(...ones, 2))).toMatchObject({ kind: 'records', records: { length: 8 } });
    expect(plan(files(...ones, 48, 48, 48))).toBeUndefined();
    expect(plan(files(...ones, 20, 20, 20))).toMatchObject({ kind: 'records', records: { length: 9 } });
  });

  it('lets files leave unread that a range delete hides, and cleans the rest once range deletes are many', () => {
    const l1 = l1Of(6);
    const rangeDelete = (sequence: number, from: number, to: number): Head['rangeDeletes'][0] => ({
      start: utf8(`b${String(from).padStart(5, '0')}m`),
      end: utf8(`b${String(to).padStart(5, '0')}m`),
      version: { epoch: 1, sequence },
    });
    const one = plan({ l1, rangeDeletes: [rangeDelete(1_500, 1, 3)] });
    expect(one).toMatchObject({ kind: 'garbage', l1: [], hidden: [l1[2]] });
    const many = Array.from({ length: COMPACTION_SETTINGS.rangeDeletes }, (_, i) => rangeDelete(1_500 + i, 1, 3));
    expect(plan({ l1, rangeDeletes: many })).toMatchObject({ kind: 'garbage', l1: [l1[1], l1[3]], hidden: [l1[2]] });
    const cleaned = l1.map((ref) => ({ ...ref, rangeDeletesThrough: 1_900 }));
    expect(plan({ l1: cleaned.filter((_, i) => i !== 2), rangeDeletes: many })).toMatchObject({ kind: 'trim' });
  });

  it('trims history that the window has passed, in a database that nobody writes', () => {
    const ref = file(1, 900, { coversFrom: 1, coversThrough: 900 });
    const parts = {
      history: [{ role: 'merged' as const, ref }],
      timeline: [{ sequence: 2_000, at: 10 * HOUR }],
      options: { retentionMs: HOUR, maxBytes: 1 },
    };
    expect(planCompaction(head(parts), 11 * HOUR - 1)).toBeUndefined();
    expect(planCompaction(head(parts), 11 * HOUR)).toMatchObject({ kind: 'trim' });
  });
});

describe('what a merged L0 file covers', () => {
  const tier = (l0: readonly SstRef[]): CompactionPlan => ({
    kind: 'tier',
    l0,
    l1: [],
    hidden: [],
    records: [],
    point: { sequence: 0, at: 0 },
  });

  it('is what its inputs cover, when nothing is missing between them', () => {
    const l0 = l0Of(1, 1, 1);
    expect(coversOf(tier(l0))).toEqual({ coversFrom: 1_010, coversThrough: 1_039 });
    expect(coversOf(tier([l0[0] as SstRef, l0[2] as SstRef]))).toEqual({ coversFrom: 0, coversThrough: 0 });
    expect(coversOf({ ...tier(l0), kind: 'levels' })).toEqual({ coversFrom: 0, coversThrough: 0 });
  });
});

describe('the pressure of L0 on writes', () => {
  const withFiles = (count: number): Pick<Head, 'l0'> => ({ l0: l0Of(...Array.from({ length: count }, () => 1)) });

  it('is none below 12 files, slows ever more, and refuses at 32', () => {
    expect([0, 4, 11].map((count) => writeDelayMs(withFiles(count)))).toEqual([0, 0, 0]);
    const delays = Array.from({ length: 20 }, (_, i) => writeDelayMs(withFiles(12 + i)) as number);
    expect(delays.every((delay, i) => delay > (delays[i - 1] ?? 0) && delay < WRITE_PRESSURE.mostDelayMs)).toBe(true);
    expect([32, 40].map((count) => writeDelayMs(withFiles(count)))).toEqual([undefined, undefined]);
    expect([11, 32, 99].map((count) => l0Pressure(withFiles(count)))).toEqual([0, 1, 1]);
  });
});
