import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Answer } from '../../history/history.js';
import { violationsOf } from '../testing/broken-rules.js';
import { HistoryBuilder } from '../testing/history-builder.js';

let h: HistoryBuilder;

beforeEach(() => {
  h = new HistoryBuilder();
});

/** A put that is acknowledged at 1.1 and sent again after another. */
function putAnd(answer: Answer): void {
  const call = h.put('x/0', { keyed: true });
  h.put('x/0');
  call.repetitions = [answer];
}

describe('what was acknowledged and is sent again under its idempotency key', () => {
  it.each<Answer>([
    { kind: 'committed', version: { epoch: 1, sequence: 1 }, effect: 'repeated' },
    { kind: 'unknown' },
    { kind: 'disclaimed', code: 'owner-unavailable' },
  ])('may be told $kind', (answer) => {
    putAnd(answer);
    expect(violationsOf(h)).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['repeated at 1.2', { kind: 'committed', version: { epoch: 1, sequence: 2 }, effect: 'repeated' }],
    ['committed at 1.1', { kind: 'committed', version: { epoch: 1, sequence: 1 }, effect: 'committed' }],
    ['committed at 2.3', { kind: 'committed', version: { epoch: 2, sequence: 3 }, effect: 'committed' }],
    ['answered idempotency-key-reused', { kind: 'disclaimed', code: 'idempotency-key-reused' }],
    ['refused by check 0', { kind: 'refused', failedCheck: 0, present: undefined }],
  ])('is not told %s', (words, answer) => {
    putAnd(answer);
    expect(violationsOf(h)).toEqual([`repetitions: c0 was acknowledged at 1.1, and sent again it was ${words}`]);
  });
});
