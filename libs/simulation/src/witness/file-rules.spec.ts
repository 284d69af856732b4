import { bucketLayout } from '@leasehold/bucket-layout';
import { utf8 } from '@leasehold/foundation';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { A, B, fileOf, ONE, RawBucket, TWO, ulid } from './testing/raw-bucket.js';

let bucket: RawBucket;

beforeEach(() => {
  bucket = new RawBucket();
});

describe('G1, G2', () => {
  /** Commit 1 in a file of L0. */
  async function filed(): Promise<void> {
    await bucket.written(2);
    await bucket.head(A, { commit: 1, l0: [await bucket.file(A, 1)], inlineFrom: 2 });
  }

  it('tells a file that is named before it is there', async () => {
    await bucket.written(1);
    await bucket.head(A, { commit: 1, l0: [(await fileOf(A, 1)).ref], inlineFrom: 2 });
    expect(bucket.broken()).toEqual(['G1']);
  });

  it('tells a file that joins at or below the floor', async () => {
    await bucket.owned();
    const file = await bucket.file(A, 1);
    await bucket.segment(ONE, 1, { first: 1 });
    await bucket.head(A, { gcFloor: file.id });
    await bucket.head(A, { commit: 1, l0: [file], inlineFrom: 2 });
    expect(bucket.broken()).toEqual(['G1']);
  });

  it('lets a file join again that history or a pin has kept', async () => {
    await filed();
    const { ref: file } = await fileOf(A, 1);
    await bucket.pin(A, 9, [file.id]);
    const copy = await bucket.file(A, 8, 1);
    await bucket.head(A, { l0: [copy], history: [{ role: 'merged', ref: file }], gcFloor: ulid(7) });
    await bucket.head(A, { l0: [file], history: [] });
    await bucket.head(A, { l0: [copy] });
    await bucket.head(A, { l0: [file] });
    expect(bucket.broken()).toEqual([]);
  });

  it('tells a file that goes while the head names it', async () => {
    await filed();
    await bucket.head(A, { gcFloor: ulid(7) });
    await bucket.delete(bucketLayout.sst(A, ulid(1)));
    expect(bucket.broken()).toEqual(['G1']);
  });

  it('tells a file that goes while the head of a branch names it', async () => {
    await filed();
    await bucket.pin(A, 9, [ulid(1)]);
    await bucket.session(TWO);
    const branch = { ...(await fileOf(A, 1)).ref, folder: A };
    await bucket.head(B, {
      epoch: 1,
      owner: TWO,
      commit: 1,
      l0: [branch],
      inlineFrom: 2,
      parent: { databaseId: A, sequence: 1 },
    });
    await bucket.head(A, { l0: [await bucket.file(A, 8, 1)], gcFloor: ulid(7) });
    await bucket.delete(bucketLayout.sst(A, ulid(1)));
    expect(bucket.broken()).toEqual(['G1', 'G2']);
  });

  it('tells a file that goes above the floor', async () => {
    await bucket.owned();
    const file = await bucket.file(A, 3);
    await bucket.head(A, { gcFloor: ulid(2) });
    await bucket.delete(bucketLayout.sst(A, file.id));
    expect(bucket.broken()).toEqual(['G1']);
  });

  it('tells a floor that falls', async () => {
    await bucket.owned();
    await bucket.head(A, { gcFloor: ulid(2) });
    await bucket.head(A, { gcFloor: ulid(1) });
    expect(bucket.broken()).toEqual(['G1']);
  });

  it('tells a file that goes while a pin holds it, and not once the pin is gone', async () => {
    await filed();
    const pin = await bucket.pin(A, 9, [ulid(1)]);
    await bucket.head(A, { l0: [await bucket.file(A, 8, 1)], gcFloor: ulid(7) });
    await bucket.delete(bucketLayout.sst(A, ulid(1)));
    expect(bucket.broken()).toEqual(['G2']);
    await bucket.file(A, 2);
    await bucket.delete(pin);
    await bucket.delete(bucketLayout.sst(A, ulid(2)));
    expect(bucket.rules).toEqual(['G2']);
  });
});

describe('C1', () => {
  const RANGE = { start: utf8('a'), end: utf8('b'), version: { epoch: 1, sequence: 2 } };

  it('tells a horizon that falls', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 2, horizon: 2 });
    await bucket.head(A, { horizon: 1 });
    expect(bucket.broken()).toEqual(['C1']);
  });

  it('tells a range delete that leaves above the horizon', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 2, rangeDeletes: [RANGE], horizon: 1 });
    await bucket.head(A, { rangeDeletes: [] });
    expect(bucket.broken()).toEqual(['C1']);
  });

  it('tells old versions that leave above the horizon', async () => {
    await bucket.written(2);
    const ref = await bucket.file(A, 2);
    await bucket.head(A, { commit: 2, history: [{ role: 'versions', ref }] });
    await bucket.head(A, { history: [], horizon: 1 });
    expect(bucket.broken()).toEqual(['C1']);
  });

  it('lets both go with the horizon', async () => {
    await bucket.written(2);
    const ref = await bucket.file(A, 2);
    await bucket.head(A, { commit: 2, rangeDeletes: [RANGE], history: [{ role: 'versions', ref }] });
    await bucket.head(A, { rangeDeletes: [], history: [], horizon: 2 });
    expect(bucket.broken()).toEqual([]);
  });
});

describe('a file', () => {
  it('is told when it is not what the head says of it', async () => {
    await bucket.written(1);
    const ref = await bucket.file(A, 1);
    await bucket.head(A, { commit: 1, l0: [{ ...ref, putBytes: ref.putBytes + 1 }], inlineFrom: 2 });
    expect(bucket.broken()).toEqual(['format']);
  });

  it('is told when it is another database’s', async () => {
    await bucket.written(1);
    const { ref, body } = await fileOf(B, 1);
    await bucket.put(bucketLayout.sst(A, ref.id), body);
    await bucket.head(A, { commit: 1, l0: [ref], inlineFrom: 2 });
    expect(bucket.broken()).toEqual(['format']);
  });

  it('is told when it cannot be read', async () => {
    await bucket.written(1);
    const { ref } = await fileOf(A, 1);
    await bucket.put(bucketLayout.sst(A, ref.id), utf8('x'));
    await bucket.head(A, { commit: 1, l0: [ref], inlineFrom: 2 });
    expect(bucket.broken()).toEqual(['format']);
  });
});
