import { beforeEach, describe, expect, it } from '@jest/globals';

import { violationsOf } from '../testing/broken-rules.js';
import { HistoryBuilder } from '../testing/history-builder.js';

let h: HistoryBuilder;

function faults(): readonly string[] {
  return violationsOf(h).filter((violation) => violation.startsWith('one-writer'));
}

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('an epoch has one writer', () => {
  it('also when another session tells that something was applied before its time', () => {
    const call = h.put('x/0', { answer: 'unknown', isApplied: true, keyed: true });
    h.takeOver();
    h.put('x/1');
    call.answer = { kind: 'committed', version: h.versionOf(1), effect: 'repeated' };
    call.session = h.session;
    call.endedAt = ++h.moment;
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it('unless another session acknowledges a commit of it', () => {
    h.put('x/0');
    h.put('x/1').session = 'zombie';
    expect(faults()).toContain('one-writer: epoch 1 is of session-1 (acknowledged c0) and of zombie (acknowledged c1)');
  });

  it('unless a frame of it is in the log of another session', () => {
    h.put('x/0');
    h.frames.push({ ...h.frames[0]!, session: 'zombie', segment: 7 });
    expect(faults()).toEqual(['one-writer: epoch 1 is of session-1 (acknowledged c0) and of zombie (its segment 7)']);
  });
});
