import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { utf8 } from '@leasehold/foundation';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { A, B, DAY_MS, ONE, RawBucket, TTL_MS, TWO, ulid } from './testing/raw-bucket.js';

let bucket: RawBucket;

beforeEach(() => {
  bucket = new RawBucket();
});

describe('a bucket in which everything goes by the rules', () => {
  it('gives nothing to report: a life of two sessions', async () => {
    await bucket.written(3);
    await bucket.head(A, { commit: 2 });
    await bucket.session(ONE, { floor: 3 });
    await bucket.delete(bucketLayout.segment(ONE, 1));
    await bucket.segment(ONE, 4, { first: 4, last: 6, previous: 3 });
    await bucket.rollup(
      ONE,
      3,
      4,
      { segment: 3, first: 3, previous: 2 },
      { segment: 4, first: 4, last: 6, previous: 3 },
    );
    await bucket.session(ONE, { floor: 5, rollups: [{ from: 3, to: 4 }] });
    for (const number of [2, 3, 4]) await bucket.delete(bucketLayout.segment(ONE, number));
    await bucket.segment(ONE, 5, { first: 7, previous: 4 });
    await bucket.close(ONE, 6);
    await bucket.session(TWO);
    await bucket.head(A, { epoch: 2, owner: TWO, commit: 7 });
    await bucket.segment(TWO, 1, { epoch: 2, first: 8 });
    const file = await bucket.file(A, 8);
    await bucket.head(A, { commit: 8, lastCommit: { epoch: 2, sequence: 8 }, l0: [file], inlineFrom: 9, horizon: 8 });
    await bucket.head(A, { owner: undefined });
    await bucket.session(TWO, { state: 'clean', floor: 2 });
    await bucket.clock.advance(DAY_MS);
    await bucket.delete(bucketLayout.session(ONE));
    await bucket.delete(bucketLayout.segment(ONE, 5));
    await bucket.delete(bucketLayout.rollup(ONE, 3, 4));
    expect(bucket.witness.violations).toEqual([]);
  });

  it('keeps every frame that ever landed, once', async () => {
    await bucket.written(2);
    const segment = bucketLayout.segment(ONE, 1);
    const copy = await bucket.memory.get(segment);
    await bucket.head(A, { commit: 2 });
    await bucket.session(ONE, { floor: 3 });
    await bucket.delete(segment);
    // It was long under way.
    if (copy !== undefined && copy !== 'not-modified') await bucket.put(segment, copy.body);
    await bucket.segment(ONE, 3, { first: 3, last: 4 }, { database: B, first: 1 });
    const frames = bucket.witness.framesOf(A).map(({ digests, ...frame }) => ({ ...frame, digests: digests.length }));
    expect(frames).toEqual([
      { session: ONE, segment: 1, epoch: 1, firstSequence: 1, lastSequence: 1, digests: 1 },
      { session: ONE, segment: 2, epoch: 1, firstSequence: 2, lastSequence: 2, digests: 1 },
      { session: ONE, segment: 3, epoch: 1, firstSequence: 3, lastSequence: 4, digests: 2 },
    ]);
    expect(bucket.witness.framesOf(B)).toHaveLength(1);
  });

  it('gives equal digests to equal effects and to no others', async () => {
    await bucket.owned();
    await bucket.segment(ONE, 1, { first: 1, last: 2, value: 'x' });
    await bucket.segment(ONE, 2, { first: 3, previous: 1, value: 'y' });
    const [same, other] = bucket.witness.framesOf(A);
    expect(same?.digests[0]).toBe(same?.digests[1]);
    expect(other?.digests[0]).not.toBe(same?.digests[0]);
  });

  it('says which database a violation concerns', async () => {
    await bucket.session(ONE);
    await bucket.segment(ONE, 1, { database: B, first: 1 });
    expect(bucket.witness.violations.map(({ rule, database }) => [rule, database])).toEqual([['P2', 1]]);
  });

  it('has no opinion on names that are nobody’s', async () => {
    await bucket.put('probe/x', utf8('x'));
    await bucket.put('probe/x', utf8('y'));
    await bucket.delete('probe/x');
    expect(bucket.witness.violations).toEqual([]);
  });
});

describe('what lands late although nobody is at fault', () => {
  it('may be a segment or a file where one was deleted', async () => {
    await bucket.written(1);
    const file = await bucket.file(A, 5);
    const copies = new Map<string, Uint8Array>();
    for (const name of [bucketLayout.segment(ONE, 1), bucketLayout.sst(A, file.id)]) {
      const object = await bucket.memory.get(name);
      if (object !== undefined && object !== 'not-modified') copies.set(name, object.body);
    }
    await bucket.head(A, { commit: 1, gcFloor: ulid(6) });
    await bucket.session(ONE, { floor: 2 });
    for (const [name, body] of copies) {
      await bucket.delete(name);
      await bucket.put(name, body);
    }
    await bucket.close(ONE, 2);
    expect(bucket.witness.violations).toEqual([]);
  });

  it('may be a seal, where a purge has deleted the data that had been faster', async () => {
    await bucket.written(1);
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state: 'sealed' });
    for (let n = 2; n < 66; n++) if (n !== 5) await bucket.seal(ONE, n);
    await bucket.segment(ONE, 5, { first: 2, previous: 4 });
    await bucket.head(A, { epoch: 2, owner: undefined, commit: 1 });
    await bucket.clock.advance(DAY_MS);
    await bucket.delete(bucketLayout.session(ONE));
    await bucket.delete(bucketLayout.segment(ONE, 5));
    await bucket.seal(ONE, 5);
    expect(bucket.witness.violations).toEqual([]);
  });

  it('may be data in the window of a log that is being closed', async () => {
    await bucket.written(1);
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state: 'sealed' });
    await bucket.seal(ONE, 3);
    await bucket.segment(ONE, 2, { first: 2, previous: 1 });
    await bucket.segment(ONE, 66, { first: 3, previous: 2 });
    for (let n = 4; n < 66; n++) await bucket.seal(ONE, n);
    await bucket.session(TWO);
    await bucket.head(A, { epoch: 2, owner: TWO, commit: 3 });
    expect(bucket.witness.violations).toEqual([]);
  });

  it('may be the claim of a session that was sealed meanwhile', async () => {
    await bucket.session(ONE);
    await bucket.close(ONE, 1);
    await bucket.head(A, { epoch: 1, owner: ONE });
    expect(bucket.witness.violations).toEqual([]);
  });

  it('may be a pin that came too late to hold anything', async () => {
    await bucket.owned();
    const file = await bucket.file(A, 1);
    await bucket.head(A, { gcFloor: file.id });
    await bucket.pin(A, 9, [file.id]);
    await bucket.delete(bucketLayout.sst(A, file.id));
    expect(bucket.witness.violations).toEqual([]);
  });
});

describe('a run full of violations', () => {
  it('is told to a bound', async () => {
    const nowhere = '00000000-0000-4000-8000-0000000000ff' as DatabaseId;
    await bucket.session(ONE);
    for (let n = 1; n <= 250; n++) await bucket.segment(ONE, n, { database: nowhere, first: n, previous: n - 1 });
    expect(bucket.witness.violations).toHaveLength(200);
  });
});
