import { describe, expect, it } from '@jest/globals';
import type { SessionId } from '@leasehold/foundation';

import { bucketLayout } from './bucket-layout.js';

const SESSION = '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId;
const OTHER = '01jd4zq0s8c3k5m7p9r1t3v5x8' as SessionId;

describe('names of a log', () => {
  it('reads back what it builds', () => {
    expect(bucketLayout.parseSegment(SESSION, bucketLayout.segment(SESSION, 17))).toBe(17);
    expect(bucketLayout.parseRollup(SESSION, bucketLayout.rollup(SESSION, 17, 300))).toEqual({ from: 17, to: 300 });
    expect(bucketLayout.parseSession(bucketLayout.session(SESSION))).toBe(SESSION);
  });

  it('takes no rollup for a segment, and nothing of another session for its own', () => {
    const rollup = bucketLayout.rollup(SESSION, 1, 2);
    expect(bucketLayout.parseSegment(SESSION, rollup)).toBeUndefined();
    expect(bucketLayout.parseRollup(SESSION, bucketLayout.segment(SESSION, 1))).toBeUndefined();
    expect(bucketLayout.parseRollup(OTHER, rollup)).toBeUndefined();
    expect(bucketLayout.parseRollup(SESSION, `${rollup}0`)).toBeUndefined();
  });

  it('lists rollups behind all segments', () => {
    expect(bucketLayout.rollup(SESSION, 1, 2) > bucketLayout.segment(SESSION, Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  it('tells whose log an object is in', () => {
    expect(bucketLayout.parseLog(bucketLayout.rollup(SESSION, 1, 2))).toBe(SESSION);
    expect(bucketLayout.parseLog(bucketLayout.segment(OTHER, 9))).toBe(OTHER);
    expect(bucketLayout.parseLog('log/nonsense/1')).toBeUndefined();
    expect(bucketLayout.parseLog(bucketLayout.session(SESSION))).toBeUndefined();
  });
});

const { usageRecord, usageOf, behindUsageOf, parseUsageRecord } = bucketLayout;
const { trafficRecord, trafficOf, behindTrafficOf, parseTrafficRecord } = bucketLayout;

describe.each([
  ['usage', usageRecord, usageOf, behindUsageOf, parseUsageRecord, trafficRecord],
  ['traffic', trafficRecord, trafficOf, behindTrafficOf, parseTrafficRecord, usageRecord],
] as const)('names of records of %s', (folder, record, of, behind, parse, foreign) => {
  it('read back as what they were built from, and nothing else does', () => {
    const name = record(SESSION, 17);
    expect(name.startsWith(of(SESSION))).toBe(true);
    expect(parse(name)).toEqual({ session: SESSION, number: 17 });
    const others = [`${name}0`, name.slice(0, -1), `${folder}/nobody/00000000000000000017`];
    for (const other of [...others, foreign(SESSION, 17), bucketLayout.segment(SESSION, 17)]) {
      expect(parse(other)).toBeUndefined();
    }
  });

  it('of a session lie before what is behind it, and those of the next one do not', () => {
    expect(record(SESSION, Number.MAX_SAFE_INTEGER) < behind(SESSION)).toBe(true);
    expect(behind(SESSION) < record(OTHER, 1)).toBe(true);
  });
});

describe('names of revocations', () => {
  it('read back as their number, and nothing else does', () => {
    expect(bucketLayout.revocation(7)).toBe('revoked/00000000000000000007');
    expect(bucketLayout.parseRevocation(bucketLayout.revocation(7))).toBe(7);
    for (const other of ['revoked/7', 'revoked/00000000000000000007/x', bucketLayout.segment(SESSION, 7)]) {
      expect(bucketLayout.parseRevocation(other)).toBeUndefined();
    }
  });
});
