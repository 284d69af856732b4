import { describe, expect, it } from '@jest/globals';

import { answerBefore, timedKey } from './timed-question.js';

const HOUR_MS = 3_600_000;
const at = (hour: number) => new Date(hour * HOUR_MS);
const key = (asked: readonly unknown[], from: number, to: number) => timedKey(asked, { from: at(from), to: at(to) });

describe('what stands on screen until a question is answered', () => {
  const usage = ['usage', 'hour', 'shop', ''];
  const shown = (before: readonly unknown[]) => answerBefore(key(usage, 24, 48))('before', { queryKey: before });

  it('is what it came to an hour ago, of a time as long or of one that began then as well', () => {
    expect([shown(key(usage, 23, 47)), shown(key(usage, 24, 47))]).toEqual(['before', 'before']);
  });

  it('is nothing of another time, of something else, or of nothing', () => {
    expect(shown(key(usage, 0, 48))).toBeUndefined();
    for (const other of [
      ['metrics', 'hour', 'shop', ''],
      ['usage', 'day', 'shop', ''],
      ['usage', 'hour', '', 'key'],
      ['usage'],
    ]) {
      expect([other, shown(key(other, 24, 48))]).toEqual([other, undefined]);
    }
    expect(answerBefore(key(usage, 24, 48))('before', undefined)).toBeUndefined();
  });
});
