import { beforeEach, describe, expect, it } from '@jest/globals';

import { numberIn, operandAt, PLACES_PER_TALLY, TallyRecord } from './tally-record.js';

describe('what clients know of a tally', () => {
  let found: string[];
  let tally: TallyRecord;
  let writes: number;
  beforeEach(() => {
    found = [];
    writes = 0;
    tally = new TallyRecord('t/0', (kind) => found.push(kind));
  });

  const begin = () => tally.begin(++writes);
  const read = (number: bigint, floor = tally.floor) => tally.read(floor, number, 'stale');
  const acknowledged = () => {
    const place = begin();
    tally.acknowledge(place);
    return place;
  };

  it('is each sum once that was acknowledged, and once or not at all those that are open or unknown', () => {
    const [first, second, third] = [acknowledged(), begin(), begin()];
    tally.lose(second);
    read(operandAt(first));
    read(operandAt(first) + operandAt(third));
    read(operandAt(first) + operandAt(second) + operandAt(third));
    expect(found).toEqual([]);
    expect(tally.counts).toEqual({ asked: 3, acknowledged: 1, unknown: 1, applied: 1 });
  });

  it.each(['acknowledge', 'lose'] as const)('finds a sum that was applied twice, after %s', (end) => {
    const place = begin();
    tally[end](place);
    read(2n * operandAt(place));
    expect(found).toEqual(['doubled']);
  });

  it('finds a sum that is missing although it was acknowledged, or read before', () => {
    acknowledged();
    read(0n);
    const place = begin();
    tally.lose(place);
    read(operandAt(0) + operandAt(place));
    read(operandAt(0));
    tally.read(tally.floor, operandAt(0), 'lost');
    expect(found).toEqual(['stale', 'stale', 'lost']);
  });

  it('excuses a read that was sent before', () => {
    const { floor } = tally;
    acknowledged();
    read(0n, floor);
    expect(found).toEqual([]);
  });

  it('finds a sum that was refused, before or after it is read, and one that nobody sent', () => {
    const [first, second] = [begin(), begin()];
    tally.reject(first, 'overloaded');
    read(operandAt(first));
    read(operandAt(first) + operandAt(second));
    tally.reject(second, 'overloaded');
    read(operandAt(first) + operandAt(second) + operandAt(9));
    expect(found).toEqual(['phantom', 'phantom', 'phantom']);
  });

  it('has room for sixteen sums', () => {
    for (let n = 0; n < PLACES_PER_TALLY; n++) acknowledged();
    expect(tally.isFull).toBe(true);
    expect(begin).toThrow('full');
    read(Array.from({ length: PLACES_PER_TALLY }, (_, place) => operandAt(place)).reduce((sum, each) => sum + each));
    expect(found).toEqual([]);
  });
});

describe('the bytes of a counter', () => {
  it('are eight, least first', () => {
    expect(numberIn(Uint8Array.of(2, 1, 0, 0, 0, 0, 0, 0x80))).toBe(0x8000_0000_0000_0102n);
    expect(numberIn(new Uint8Array(7))).toBeUndefined();
  });
});
