import { describe, expect, it } from '@jest/globals';

import { TokenBucket } from './token-bucket.js';

const TEN_A_SECOND = { tokensPerSecond: 10, burstTokens: 20 };

function spend(bucket: TokenBucket, nowMs: number, tries: number): number {
  return Array.from({ length: tries }, () => bucket.take(nowMs)).filter(Boolean).length;
}

describe('a token bucket', () => {
  it('gives its burst at once, and then nothing', () => {
    const bucket = new TokenBucket(TEN_A_SECOND, 0);
    expect(spend(bucket, 0, 100)).toBe(20);
    expect(bucket.left(0)).toBe(0);
  });

  it('gives no more than its rate however often it is asked', () => {
    const bucket = new TokenBucket(TEN_A_SECOND, 0);
    spend(bucket, 0, 20);
    let given = 0;
    for (let nowMs = 1; nowMs <= 10_000; nowMs++) given += spend(bucket, nowMs, 3);
    expect(given).toBe(100);
  });

  it('tells when the next token comes, and has it then', () => {
    const bucket = new TokenBucket(TEN_A_SECOND, 0);
    spend(bucket, 0, 20);
    expect(bucket.msUntilNext(30)).toBeCloseTo(70);
    expect(bucket.take(99)).toBe(false);
    expect(bucket.take(100)).toBe(true);
  });

  it('is full again after a pause, and never fuller', () => {
    const bucket = new TokenBucket(TEN_A_SECOND, 0);
    spend(bucket, 0, 20);
    expect(bucket.msUntilFull(0)).toBeCloseTo(2_000);
    expect(bucket.left(1_000_000)).toBe(20);
    expect(bucket.msUntilFull(1_000_000)).toBe(0);
  });

  it('gives nothing until what is owed has come back', () => {
    const bucket = new TokenBucket({ ...TEN_A_SECOND, maxDebtTokens: 30 }, 0);
    bucket.owe(50, 0);
    expect([bucket.take(0), bucket.left(0)]).toEqual([false, 0]);
    expect(bucket.msUntilNext(0)).toBeCloseTo(3_100);
    expect([bucket.take(3_099), bucket.take(3_100)]).toEqual([false, true]);
  });

  it('forgives what is owed beyond its bound', () => {
    const bucket = new TokenBucket({ ...TEN_A_SECOND, maxDebtTokens: 30 }, 0);
    bucket.owe(1_000_000, 0);
    expect(bucket.msUntilNext(0)).toBeCloseTo(3_100);
  });

  it('gives nothing for a clock that goes back', () => {
    const bucket = new TokenBucket(TEN_A_SECOND, 1_000);
    spend(bucket, 1_000, 20);
    expect(bucket.take(0)).toBe(false);
    expect(bucket.take(1_050)).toBe(false);
    expect(bucket.take(1_100)).toBe(true);
  });
});
