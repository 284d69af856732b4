import { beforeEach, describe, expect, it } from '@jest/globals';

import { violationsOf } from '../testing/broken-rules.js';
import { HistoryBuilder } from '../testing/history-builder.js';

const RANGE = { start: 'x/', end: 'x0' };

let h: HistoryBuilder;

function faults(): readonly string[] {
  return violationsOf(h).filter((violation) => violation.startsWith('metering'));
}

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('what is counted is what was done', () => {
  it('of operations of every kind and size, whoever was told of them', () => {
    h.put('x/0');
    h.put('x/1', { sizeBytes: 1024 - 'x/1'.length });
    h.put('x/2', { sizeBytes: 1025 - 'x/2'.length });
    expect(h.usage.writeUnits).toBe(4);
    h.delete('x/0', { answer: 'unknown', isApplied: true });
    h.sum('n/0', 7n);
    h.transact((id) => [h.putOf(id, 'x/7'), { op: 'deleteRange', range: RANGE }, h.putOf(id, 'x/8')]);
    h.put('x/9', { answer: 'unknown' });
    h.put('x/9', { keyed: true, answer: 'repeated', isApplied: true });
    expect(violationsOf(h)).toEqual([]);
  });

  it('when deletes of what has expired are free', () => {
    h.put('e/0', { expiresAt: 30 });
    h.moment = 5;
    h.expire('e/0');
    expect(violationsOf(h)).toEqual([]);
  });

  it('when a delete of what has expired may have been a client’s', () => {
    h.put('e/0', { expiresAt: 30 });
    h.moment = 5;
    h.delete('e/0', { answer: 'unknown', isApplied: true });
    expect(violationsOf(h)).toEqual([]);
    h.usage.writeUnits -= 1;
    h.usage.writtenBytes -= 'e/0'.length;
    expect(violationsOf(h)).toEqual([]);
    h.usage.writeUnits -= 1;
    expect(faults()).toEqual([expect.stringContaining('or')]);
  });

  it('when no commit is known, and the counters are between what was acknowledged and what may have been done', () => {
    h.put('x/0');
    h.put('x/1', { answer: 'unknown', isApplied: true });
    h.put('x/2', { answer: 'unknown' });
    h.commits = undefined;
    expect(violationsOf(h)).toEqual([]);
  });
});

describe('metering is wrong', () => {
  beforeEach(() => {
    h.put('x/0');
    h.delete('x/0');
  });

  it('when a unit is missing or was counted twice', () => {
    h.usage.writeUnits -= 1;
    expect(faults()).toEqual([
      expect.stringMatching(/counted are 1 units, (\d+) bytes, and done were 2 units, \1 bytes/),
    ]);
    h.usage.writeUnits += 2;
    expect(faults()).toHaveLength(1);
  });

  it('when a byte is missing', () => {
    h.usage.writtenBytes -= 1;
    expect(faults()).toHaveLength(1);
  });

  it('when a commit was not counted', () => {
    h.usage.commits -= 1;
    expect(faults()).toEqual(['metering: 1 commits are counted, and there are 2']);
  });

  it.each(['commits', 'writeUnits', 'writtenBytes'] as const)(
    'when fewer %s are counted than were acknowledged, though not every commit is known',
    (what) => {
      h.commits = undefined;
      h.usage[what] -= 1;
      expect(faults()).toHaveLength(1);
    },
  );

  it('when more is counted than was asked for, though not every commit is known', () => {
    h.commits = undefined;
    h.usage.writtenBytes += 1;
    expect(faults()).toHaveLength(1);
  });
});
