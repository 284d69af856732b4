import { bucketLayout } from '@leasehold/bucket-layout';
import { utf8 } from '@leasehold/foundation';
import { nextTrail } from '@leasehold/object-store';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { A, B, DAY_MS, ONE, RawBucket, TTL_MS, TWO } from './testing/raw-bucket.js';

let bucket: RawBucket;

beforeEach(() => {
  bucket = new RawBucket();
});

describe('P1', () => {
  it('tells a nonce that was used before, whatever for', async () => {
    await bucket.owned();
    const head = await bucket.headOf(A);
    await bucket.session(TWO, { trail: nextTrail({ edits: 0, nonces: [] }, head?.trail.nonces[0] as string) });
    expect(bucket.broken()).toEqual(['P1']);
  });

  it('tells an edit that was made of something else than it replaces', async () => {
    await bucket.owned();
    const old = await bucket.headOf(A);
    await bucket.head(A);
    if (old !== undefined) await bucket.head(A, { trail: nextTrail(old.trail, bucket.nonce()) });
    expect(bucket.broken()).toEqual(['P1']);
  });

  it('tells an edit whose trail has another past', async () => {
    await bucket.owned();
    const trail = { edits: 2, nonces: [bucket.nonce(), bucket.nonce()] };
    await bucket.head(A, { trail });
    expect(bucket.broken()).toEqual(['P1']);
  });

  it('tells objects that are created once and changed all the same', async () => {
    await bucket.written(1);
    const file = await bucket.file(A, 1);
    await bucket.put(bucketLayout.sst(A, file.id), utf8('other'));
    expect(bucket.broken()).toEqual(['P1']);
  });

  it('tells a number of a log that is used twice', async () => {
    await bucket.written(1);
    await bucket.head(A, { commit: 1 });
    await bucket.session(ONE, { floor: 2 });
    await bucket.delete(bucketLayout.segment(ONE, 1));
    await bucket.segment(ONE, 1, { first: 2, previous: 0 });
    expect(bucket.broken()).toEqual(['P1']);
  });
});

describe('S1', () => {
  it('tells a claim of a session that has no record', async () => {
    await bucket.head(A, { epoch: 1, owner: ONE });
    expect(bucket.broken()).toEqual(['S1']);
    await bucket.head(B);
    await bucket.head(B, { epoch: 1, owner: ONE });
    expect(bucket.rules).toEqual(['S1', 'S1']);
  });

  it('tells a log of a session that has no record', async () => {
    await bucket.seal(ONE, 1);
    expect(bucket.broken()).toEqual(['S1']);
  });

  it('tells a record that begins otherwise than live', async () => {
    await bucket.session(ONE, { state: 'clean' });
    expect(bucket.broken()).toEqual(['S1']);
  });
});

describe('S2', () => {
  it('tells a session that is sealed before it was silent', async () => {
    await bucket.session(ONE);
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE);
    await bucket.clock.advance(TTL_MS);
    await bucket.session(ONE, { state: 'sealed' });
    expect(bucket.broken()).toEqual(['S2']);
  });
});

describe('S5', () => {
  it('tells a record that goes while its session lives', async () => {
    await bucket.session(ONE);
    await bucket.clock.advance(DAY_MS);
    await bucket.delete(bucketLayout.session(ONE));
    expect(bucket.broken()).toEqual(['S5']);
  });

  it('tells a record that goes before its log is closed', async () => {
    await bucket.session(ONE);
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state: 'sealed' });
    await bucket.clock.advance(DAY_MS);
    await bucket.delete(bucketLayout.session(ONE));
    expect(bucket.broken()).toEqual(['S5']);
  });

  it('tells a record that goes before its day is over', async () => {
    await bucket.session(ONE);
    await bucket.session(ONE, { state: 'clean' });
    await bucket.clock.advance(DAY_MS - 1);
    await bucket.delete(bucketLayout.session(ONE));
    expect(bucket.broken()).toEqual(['S5']);
  });

  it('tells a record that goes before every database is recovered, and not for those that are', async () => {
    await bucket.written(2);
    await bucket.head(B, { epoch: 1, owner: ONE });
    await bucket.segment(ONE, 3, { database: B, first: 1 });
    await bucket.close(ONE, 4);
    await bucket.head(B, { commit: 1, epoch: 2, owner: undefined });
    await bucket.clock.advance(DAY_MS);
    await bucket.delete(bucketLayout.session(ONE));
    expect(bucket.witness.violations.map(({ rule, what }) => [rule, what.includes(A)])).toEqual([['S5', true]]);
  });

  it('lets a seal go that came after the record had gone, in place of data that was purged', async () => {
    await bucket.written(1);
    await bucket.close(ONE, 2);
    await bucket.head(A, { commit: 1, epoch: 2, owner: undefined });
    await bucket.clock.advance(DAY_MS);
    await bucket.delete(bucketLayout.session(ONE));
    await bucket.delete(bucketLayout.segment(ONE, 1));
    await bucket.seal(ONE, 1);
    await bucket.delete(bucketLayout.segment(ONE, 1));
    expect(bucket.broken()).toEqual([]);
  });

  it('tells a seal that goes, also after its record', async () => {
    await bucket.session(ONE);
    await bucket.close(ONE, 1);
    await bucket.clock.advance(DAY_MS);
    await bucket.delete(bucketLayout.session(ONE));
    await bucket.delete(bucketLayout.segment(ONE, 7));
    expect(bucket.broken()).toEqual(['S5']);
  });

  it('tells a record that comes back', async () => {
    await bucket.session(ONE);
    await bucket.session(ONE, { state: 'clean' });
    await bucket.clock.advance(DAY_MS);
    await bucket.delete(bucketLayout.session(ONE));
    await bucket.session(ONE);
    expect(bucket.broken()).toEqual(['S5']);
  });
});

describe('S6', () => {
  it('tells a floor that falls', async () => {
    await bucket.written(1);
    await bucket.head(A, { commit: 1 });
    await bucket.session(ONE, { floor: 2 });
    await bucket.session(ONE, { floor: 1 });
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a floor that passes a number which never landed', async () => {
    await bucket.owned();
    await bucket.session(ONE, { floor: 2 });
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a floor that passes commits which no head and no rollup has', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 1 });
    await bucket.session(ONE, { floor: 2 });
    expect(bucket.broken()).toEqual([]);
    await bucket.session(ONE, { floor: 3 });
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a rollup that is named and not there', async () => {
    await bucket.written(1);
    await bucket.head(A, { commit: 1 });
    await bucket.session(ONE, { floor: 2, rollups: [{ from: 1, to: 1 }] });
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a rollup that leaves out what is needed', async () => {
    await bucket.written(2);
    await bucket.rollup(ONE, 1, 2, { segment: 2, first: 2, previous: 1 });
    await bucket.session(ONE, { floor: 3, rollups: [{ from: 1, to: 2 }] });
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a rollup that leaves the record with something needed in it', async () => {
    await bucket.written(1);
    await bucket.rollup(ONE, 1, 1, { segment: 1, first: 1 });
    await bucket.session(ONE, { floor: 2, rollups: [{ from: 1, to: 1 }] });
    await bucket.session(ONE, { rollups: [] });
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a rollup that passes a number which never landed', async () => {
    await bucket.written(1);
    await bucket.rollup(ONE, 1, 2, { segment: 1, first: 1 });
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a segment that goes at or above the floor', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 2 });
    await bucket.delete(bucketLayout.segment(ONE, 1));
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a rollup that goes while it is named', async () => {
    await bucket.written(1);
    await bucket.rollup(ONE, 1, 1, { segment: 1, first: 1 });
    await bucket.session(ONE, { floor: 2, rollups: [{ from: 1, to: 1 }] });
    await bucket.delete(bucketLayout.rollup(ONE, 1, 1));
    expect(bucket.broken()).toEqual(['S6']);
  });

  it('tells a record that is clean with commits that no head has', async () => {
    await bucket.written(1);
    await bucket.session(ONE, { state: 'clean' });
    expect(bucket.broken()).toEqual(['S6']);
  });
});
