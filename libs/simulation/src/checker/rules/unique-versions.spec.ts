import { beforeEach, describe, expect, it } from '@jest/globals';

import { violationsOf } from '../testing/broken-rules.js';
import { HistoryBuilder } from '../testing/history-builder.js';

let h: HistoryBuilder;

function faults(): readonly string[] {
  return violationsOf(h).filter((violation) => violation.startsWith('unique-versions'));
}

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('versions are unique', () => {
  it('when a frame lands twice, and when a zombie lands one that does not count', () => {
    h.put('x/0');
    h.put('x/1');
    const [first] = h.frames;
    h.frames.push(first!);
    h.takeOver();
    h.put('x/2');
    h.frames.push({ ...first!, firstSequence: 3, lastSequence: 4, digests: ['late', 'later'] });
    expect(violationsOf(h)).toEqual([]);
  });

  it('when several are shown the same, and the past is shown under the epoch of today', () => {
    h.put('x/0');
    h.takeOver();
    h.put('x/1');
    h.get('x/0');
    h.snapshot();
    const past = h.snapshot({ at: 1 });
    if (past.answer.kind === 'snapshot') past.answer = { ...past.answer, version: { epoch: 2, sequence: 1 } };
    h.refused({ kind: 'absent', key: 'x/0' }, h.versionOf(1));
    expect(violationsOf(h)).toEqual([]);
  });
});

describe('versions are not unique', () => {
  it('when two acknowledgements share one', () => {
    h.put('x/0');
    h.put('x/1').answer = { kind: 'committed', version: h.versionOf(1), effect: 'committed' };
    expect(faults()).toEqual(['unique-versions: c0 and c1 were both acknowledged at 1']);
  });

  it('when one was issued again at the same epoch, for something else', () => {
    h.put('x/0');
    const [first] = h.frames;
    h.frames.push({ ...first!, segment: 9, digests: ['something else'] });
    expect(faults()).toEqual([
      'unique-versions: version 1.1 is one thing in segment 1 of session-1 and another in segment 9 of session-1',
    ]);
  });

  it('when a frame does not tell all of its commits', () => {
    h.put('x/0');
    const [first] = h.frames;
    h.frames.push({ ...first!, lastSequence: 2 });
    expect(faults()).toEqual(['unique-versions: segment 1 of session-1 tells 1 commits from 1 to 2']);
  });

  it('when two commits have one sequence', () => {
    h.put('x/0');
    h.commits = [h.database.commits[0]!, h.database.commits[0]!];
    expect(faults()).toEqual(['unique-versions: two commits have the sequence 1']);
  });

  it('when a sequence is of two epochs', () => {
    h.put('x/0');
    h.refused({ kind: 'absent', key: 'x/0' }, { epoch: 2, sequence: 1 });
    expect(faults()).toEqual(['unique-versions: sequence 1 is of epoch 1 for the commits and of 2 for c1']);
  });

  it('when a version of a key has two values', () => {
    h.put('x/0');
    h.get('x/0').answer = { kind: 'entry', entry: { value: 'd0|c9|', version: h.versionOf(1) } };
    expect(faults()).toEqual(['unique-versions: version 1 of x/0 has one value for the commits and another for c1']);
  });
});
