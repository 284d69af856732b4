import { bucketLayout } from '@leasehold/bucket-layout';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { A, ONE, RawBucket, TTL_MS, TWO } from './testing/raw-bucket.js';

let bucket: RawBucket;

beforeEach(() => {
  bucket = new RawBucket();
});

describe('H2', () => {
  it.each([
    ['another owner at the same epoch', { owner: TWO }],
    ['a commit that is taken back', { commit: 1 }],
    ['a commit time that falls', { lastCommittedAt: 0 }],
  ])('tells %s', async (_, change) => {
    await bucket.written(2);
    await bucket.session(TWO);
    await bucket.head(A, { commit: 2, lastCommittedAt: 5 });
    await bucket.head(A, change);
    expect(bucket.rules[0]).toBe('H2');
  });

  it('tells commits that come without an owner', async () => {
    await bucket.head(A, { epoch: 1, owner: undefined });
    await bucket.head(A, { commit: 1 });
    expect(bucket.broken()).toEqual(['H2']);
  });

  it('tells options that change without an owner', async () => {
    await bucket.head(A, { epoch: 1, owner: undefined });
    await bucket.head(A, { options: { retentionMs: 1, maxBytes: 1 } });
    expect(bucket.broken()).toEqual(['H2']);
  });

  it('tells an edit with commits that replaces files', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 1, l0: [await bucket.file(A, 1)], inlineFrom: 2 });
    await bucket.head(A, { commit: 2, l0: [await bucket.file(A, 2)], inlineFrom: 3, horizon: 2 });
    expect(bucket.broken()).toEqual(['H2']);
  });

  it('tells counters that fall', async () => {
    await bucket.owned();
    const { usage } = (await bucket.headOf(A)) ?? { usage: undefined };
    if (usage === undefined) throw new Error('no head');
    await bucket.head(A, { usage: { ...usage, total: { commits: 1, writeUnits: 1, writtenBytes: 1 } } });
    await bucket.head(A, { usage });
    expect(bucket.broken()).toEqual(['usage']);
  });
});

describe('H3', () => {
  it('tells a takeover without the whole durable tail', async () => {
    await bucket.written(3);
    await bucket.head(A, { commit: 1 });
    await bucket.close(ONE, 4);
    await bucket.session(TWO);
    await bucket.head(A, { epoch: 2, owner: TWO, commit: 2 });
    expect(bucket.broken()).toEqual(['H3']);
  });

  it('tells a session that claims anew without its own tail (P2)', async () => {
    await bucket.written(1);
    await bucket.head(A, { epoch: 2, owner: ONE });
    expect(bucket.broken()).toEqual(['H3']);
  });

  it('tells a takeover with commits that were never durable', async () => {
    await bucket.written(1);
    // Its predecessor never landed.
    await bucket.segment(ONE, 3, { first: 3, last: 5, previous: 2 });
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state: 'sealed' });
    for (let n = 2; n < 66; n++) if (n !== 3) await bucket.seal(ONE, n);
    await bucket.session(TWO);
    await bucket.head(A, { epoch: 2, owner: TWO, commit: 5 });
    expect(bucket.broken()).toEqual(['H3']);
  });

  it('lets a claim carry a commit of its own', async () => {
    await bucket.written(1);
    await bucket.close(ONE, 2);
    await bucket.session(TWO);
    await bucket.head(A, { epoch: 2, owner: TWO, lastCommit: { epoch: 2, sequence: 2 } });
    expect(bucket.broken()).toEqual([]);
  });

  it('tells epochs that are passed over or fall', async () => {
    await bucket.owned();
    await bucket.head(A, { epoch: 3, owner: undefined });
    await bucket.head(A, { epoch: 2 });
    expect(bucket.rules).toEqual(['H3', 'H3']);
  });

  it('tells commits that begin before their epoch does', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 2, owner: undefined });
    await bucket.session(TWO);
    await bucket.head(A, { epoch: 2, owner: TWO });
    await bucket.segment(TWO, 1, { epoch: 2, first: 2 });
    expect(bucket.broken()).toEqual(['H3']);
  });
});

describe('H4', () => {
  it('tells a database that is given up with commits in the log', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 1, owner: undefined });
    expect(bucket.broken()).toEqual(['H4']);
  });

  it('tells commits that land after their database was given up', async () => {
    await bucket.written(1);
    await bucket.head(A, { commit: 1, owner: undefined });
    await bucket.segment(ONE, 2, { first: 2, previous: 1 });
    expect(bucket.broken()).toEqual(['H4']);
  });
});

describe('H5', () => {
  it('tells a flush of what is not in the log', async () => {
    await bucket.written(1);
    await bucket.head(A, { commit: 2 });
    expect(bucket.broken()).toEqual(['H5']);
  });

  it('tells a flush of what is in the log without what comes before it', async () => {
    await bucket.written(1);
    await bucket.segment(ONE, 3, { first: 3, previous: 2 });
    await bucket.head(A, { commit: 3 });
    expect(bucket.broken()).toEqual(['H5']);
  });
});

describe('H6', () => {
  it('tells a head that is deleted', async () => {
    await bucket.owned();
    await bucket.delete(bucketLayout.head(A));
    expect(bucket.broken()).toEqual(['H6']);
  });

  it('tells a deleted database that is claimed', async () => {
    await bucket.session(ONE);
    await bucket.head(A, { epoch: 1, deletedAt: 1 });
    await bucket.head(A, { epoch: 2, owner: ONE });
    expect(bucket.broken()).toEqual(['H6']);
  });
});
