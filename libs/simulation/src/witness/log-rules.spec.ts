import { bucketLayout } from '@leasehold/bucket-layout';
import { decodeHead, encodeHead } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { A, B, ONE, RawBucket, TTL_MS, TWO } from './testing/raw-bucket.js';

let bucket: RawBucket;

beforeEach(() => {
  bucket = new RawBucket();
});

describe('P2', () => {
  it('tells commits at an epoch that is not claimed', async () => {
    await bucket.owned();
    await bucket.segment(ONE, 1, { epoch: 2, first: 1 });
    expect(bucket.broken()).toEqual(['P2']);
  });

  it('tells commits at an epoch that another has claimed', async () => {
    await bucket.owned();
    await bucket.session(TWO);
    await bucket.segment(TWO, 1, { first: 1 });
    expect(bucket.broken()).toEqual(['P2']);
  });

  it('tells a version that is given twice', async () => {
    await bucket.written(1);
    await bucket.segment(ONE, 2, { first: 1, previous: 1, value: 'other' });
    expect(bucket.broken()).toEqual(['P2']);
  });
});

describe('S3', () => {
  it.each(['sealed', 'clean'] as const)('tells an edit of a record that is %s', async (state) => {
    await bucket.session(ONE);
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state });
    await bucket.session(ONE, { state: 'live' });
    expect(bucket.broken()).toEqual(['S3']);
  });

  it('tells a sealing that changes the floor', async () => {
    await bucket.written(1);
    await bucket.head(A, { commit: 1 });
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state: 'sealed', floor: 2 });
    expect(bucket.broken()).toEqual(['S3']);
  });

  it('tells a seal before the record is sealed', async () => {
    await bucket.session(ONE);
    await bucket.seal(ONE, 1);
    expect(bucket.broken()).toEqual(['S3']);
  });

  it('tells a seal below the floor', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 2 });
    await bucket.session(ONE, { floor: 3 });
    await bucket.delete(bucketLayout.segment(ONE, 1));
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state: 'sealed' });
    await bucket.seal(ONE, 1);
    expect(bucket.broken()).toEqual(['P1', 'S3']);
  });

  it('tells a seal behind the window', async () => {
    await bucket.written(1);
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state: 'sealed' });
    await bucket.seal(ONE, 65);
    expect(bucket.broken()).toEqual([]);
    await bucket.seal(ONE, 66);
    expect(bucket.broken()).toEqual(['S3']);
  });

  it('tells a takeover from a session that lives', async () => {
    await bucket.owned();
    await bucket.session(TWO);
    await bucket.head(A, { epoch: 2, owner: TWO });
    expect(bucket.broken()).toEqual(['S3']);
  });

  it('tells a takeover before the log is closed', async () => {
    await bucket.owned();
    await bucket.session(TWO);
    await bucket.clock.advance(2 * TTL_MS);
    await bucket.session(ONE, { state: 'sealed' });
    for (let n = 1; n < 64; n++) await bucket.seal(ONE, n);
    await bucket.head(A, { epoch: 2, owner: undefined });
    expect(bucket.broken()).toEqual(['S3']);
  });
});

describe('L2', () => {
  it.each([
    { what: 'before', segments: [3, 2] },
    { what: 'after', segments: [2, 3] },
  ])(
    'tells a commit that lands in a segment $what that of the commit after it',
    async ({ segments: [first = 0, second = 0] }) => {
      await bucket.written(1);
      await bucket.segment(ONE, first, { first: first === 3 ? 2 : 3, previous: 1 });
      await bucket.segment(ONE, second, { first: second === 3 ? 2 : 3, previous: second === 3 ? 2 : 1 });
      expect(bucket.broken()).toContain('L2');
    },
  );
});

describe('S4', () => {
  it('tells a number that is put before what lies 64 below it', async () => {
    await bucket.written(1);
    await bucket.segment(ONE, 65, { first: 2, previous: 1 });
    expect(bucket.broken()).toEqual([]);
    await bucket.segment(ONE, 66, { first: 3, previous: 65 });
    expect(bucket.broken()).toEqual(['S4']);
  });

  it.each([0, 1])('tells a frame that passes over what comes before it, naming %i', async (previous) => {
    await bucket.written(2);
    await bucket.segment(ONE, 3, { first: 3, previous });
    expect(bucket.broken()).toEqual(['S4']);
  });

  it('tells it when what comes before lands last', async () => {
    await bucket.written(1);
    await bucket.segment(ONE, 3, { first: 3, previous: 1 });
    expect(bucket.broken()).toEqual([]);
    await bucket.segment(ONE, 2, { first: 2, previous: 1 });
    expect(bucket.broken()).toEqual(['S4']);
  });

  it('lets a chain begin anew where heads have what was before', async () => {
    await bucket.written(2);
    await bucket.head(A, { commit: 2 });
    await bucket.segment(ONE, 3, { first: 3, previous: 0 });
    expect(bucket.broken()).toEqual([]);
  });

  it('tells a predecessor behind its frame', async () => {
    await bucket.owned();
    await bucket.segment(ONE, 1, { first: 1, previous: 4 });
    expect(bucket.broken()).toEqual(['S4']);
  });
});

describe('L3, L5', () => {
  it('tells a rollup with commits that its segments did not hold', async () => {
    await bucket.written(1);
    await bucket.rollup(ONE, 1, 1, { segment: 1, first: 1, value: 'other' });
    expect(bucket.broken()).toEqual(['L5']);
  });

  it('tells an edit that changes owner, epoch or commit of a quarantined database', async () => {
    await bucket.written(1);
    await bucket.head(A, { quarantined: true });
    await bucket.head(A, { commit: 1 });
    expect(bucket.broken()).toEqual(['L3']);
  });

  it('tells bytes that cannot be read as they land', async () => {
    await bucket.owned();
    await bucket.put(bucketLayout.segment(ONE, 1), utf8('x'));
    await bucket.put(bucketLayout.head(B), utf8('x'));
    expect(bucket.rules).toEqual(['format', 'format']);
  });

  it('tells a head under another database’s name', async () => {
    await bucket.owned();
    const head = await bucket.memory.get(bucketLayout.head(A));
    if (head === undefined || head === 'not-modified') throw new Error('no head');
    await bucket.put(
      bucketLayout.head(B),
      encodeHead({ ...decodeHead(head.body), trail: { edits: 1, nonces: [bucket.nonce()] } }),
    );
    expect(bucket.broken()).toEqual(['format']);
  });
});
