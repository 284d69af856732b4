import { utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import type { Entry, RangeDelete } from '../entry.js';
import { deleteEntry, putEntry } from '../entry.js';
import type { RetentionRules } from './version-retention.js';
import { KEY_VERSIONS_BYTES, VersionRetention } from './version-retention.js';

const version = (sequence: number): { epoch: number; sequence: number } => ({ epoch: 1, sequence });
const put = (sequence: number, expiresAt?: number): Entry =>
  putEntry(utf8('k'), version(sequence), utf8('v'), expiresAt);
const gone = (sequence: number): Entry => deleteEntry(utf8('k'), version(sequence));
const over = (sequence: number): RangeDelete => ({ start: utf8('a'), end: utf8('z'), version: version(sequence) });

/** [how many stay, horizon] */
function kept(versions: readonly Entry[], rules: Partial<RetentionRules> = {}): [number, number] {
  const retention = new VersionRetention({
    point: { sequence: 20, at: 2_000 },
    timeline: [],
    rangeDeletes: [],
    mayLieBelow: () => false,
    ...rules,
  });
  return [retention.keep(versions), retention.horizon];
}

describe('which versions of a key stay', () => {
  it.each<[string, readonly Entry[], [number, number]]>([
    ['the only one', [put(5)], [1, 0]],
    ['all above the point and the newest below', [put(30), put(25), put(15), put(10)], [3, 15]],
    ['the newest below, alone', [put(15), put(10), put(5)], [1, 15]],
    ['a delete above the point', [gone(25), put(5)], [2, 0]],
    ['nothing below a delete that the point has passed', [gone(15), put(5)], [0, 15]],
    ['what is newer than such a delete', [put(30), gone(15), put(5)], [1, 15]],
    ['not what expired before the point', [put(15, 2_000)], [0, 20]],
    ['what expires after the point', [put(15, 2_001)], [1, 0]],
    ['what is above the point, expired or not', [put(25, 1)], [1, 0]],
  ])('%s', (_, versions, expected) => {
    expect(kept(versions)).toEqual(expected);
  });

  it('is decided by a tombstone or expiry only where nothing lies below', () => {
    const mayLieBelow = (): boolean => true;
    expect(kept([gone(15), put(5)], { mayLieBelow })).toEqual([1, 15]);
    expect(kept([put(15, 1_000)], { mayLieBelow })).toEqual([1, 0]);
  });

  it('is decided by range deletes that the point has passed, whatever lies below', () => {
    const mayLieBelow = (): boolean => true;
    expect(kept([put(15), put(10)], { rangeDeletes: [over(18)], mayLieBelow })).toEqual([0, 18]);
    expect(kept([put(15), put(10)], { rangeDeletes: [over(12)] })).toEqual([1, 12]);
    expect(kept([put(15)], { rangeDeletes: [over(15)] })).toEqual([1, 0]);
    expect(kept([put(15)], { rangeDeletes: [over(25)] })).toEqual([1, 0]);
  });

  it('raises the horizon to the first that hid what goes, not to the last', () => {
    expect(kept([put(15)], { rangeDeletes: [over(16), over(19)] })).toEqual([0, 16]);
  });

  it('raises the horizon over an expiry to the first commit known to be later', () => {
    const timeline = [
      { sequence: 16, at: 900 },
      { sequence: 18, at: 1_100 },
      { sequence: 20, at: 2_000 },
    ];
    expect(kept([put(15, 1_000)], { timeline })).toEqual([0, 18]);
    expect(kept([put(19, 500)], { timeline })).toEqual([0, 19]);
  });

  it('gives way where one key would fill a file with its past', () => {
    const large = new Uint8Array(KEY_VERSIONS_BYTES / 4);
    const versions = [60, 50, 40, 30, 25, 22].map((sequence) => putEntry(utf8('k'), version(sequence), large));
    expect(kept(versions)).toEqual([3, 40]);
  });
});
