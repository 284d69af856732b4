import type { Ulid } from '@leasehold/foundation';
import { utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { claimedHead, EngineWorld } from '../../testing/engine-world.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { faultOfEdit } from './edit-rules.js';

const usage = (commits: number): Head['usage']['total'] => ({ commits, writeUnits: commits, writtenBytes: commits });

async function baseHead(): Promise<Head> {
  const world = new EngineWorld();
  await world.claim(60 * 60 * 1000);
  for (let i = 0; i < 2; i++) await world.flush([world.commit({ a: `${i}`.repeat(50) })], { inlineLimitBytes: 40 });
  for (let i = 0; i < 3; i++) await world.flush([world.commit({ b: `${i}`.repeat(12) })], { inlineLimitBytes: 40 });
  const { head } = await world.load();
  return {
    ...head,
    gcFloor: '0'.repeat(26) as Ulid,
    lastCommittedAt: 100,
    usage: { total: usage(9), recorded: usage(5), hours: [] },
    rangeDeletes: [{ start: utf8('a'), end: undefined, version: { epoch: 1, sequence: 3 } }],
  };
}

describe('the rules of head edits', () => {
  it.each<[string, (head: Head) => Partial<Head>]>([
    ['epochs only grow', () => ({ epoch: 0 })],
    ['commits are not taken back', () => ({ lastCommit: { epoch: 1, sequence: 1 } })],
    ['commit times do not decrease', () => ({ lastCommittedAt: 99 })],
    ['usage does not fall', ({ usage: present }) => ({ usage: { ...present, total: usage(8) } })],
    ['recorded usage does not fall', ({ usage: present }) => ({ usage: { ...present, recorded: usage(4) } })],
    ['what lies in files does not become inline', ({ inlineFrom }) => ({ inlineFrom: inlineFrom - 1 })],
    ['a range delete leaves only with the horizon (C1)', () => ({ rangeDeletes: [] })],
    ['old versions leave only with the horizon (C1)', () => ({ history: [] })],
    ['the gc floor is not lowered (G1)', () => ({ gcFloor: undefined })],
    [
      'files are added above the gc floor only (G1)',
      ({ l1, l0, gcFloor }) => ({ l1: [...l1, { ...(l0[0] as SstRef), id: gcFloor as Ulid }] }),
    ],
    [
      'an edit with commits does not replace files (H2)',
      ({ l0, lastCommit }) => ({ l0: l0.slice(1), lastCommit: { epoch: 1, sequence: lastCommit.sequence + 1 } }),
    ],
  ])('refuse an edit when %s', async (fault, change) => {
    const base = await baseHead();
    expect([base.history.length, base.l0.length]).toEqual([1, 2]);
    expect(faultOfEdit(base, base)).toBeUndefined();
    expect(faultOfEdit(base, { ...base, ...change(base) })).toBe(fault);
  });

  it('let range deletes and old versions go with the horizon, and files move to history', async () => {
    const base = await baseHead();
    const merged = base.l0.map((ref) => ({ role: 'merged' as const, ref }));
    const next = { ...base, horizon: base.lastCommit.sequence, rangeDeletes: [], history: merged, l0: [] };
    expect(faultOfEdit(base, next)).toBeUndefined();
  });

  it('let nobody but an owner or a claim change options (H2)', () => {
    const free = { ...claimedHead(), owner: undefined };
    const options = { ...free.options, retentionMs: 5 };
    expect(faultOfEdit(free, { ...free, options })).toBe('options change through an owner or a claim (H2)');
    expect(faultOfEdit(free, { ...free, options, epoch: 2 })).toBeUndefined();
    expect(faultOfEdit(claimedHead(), { ...claimedHead(), options })).toBeUndefined();
  });
});
