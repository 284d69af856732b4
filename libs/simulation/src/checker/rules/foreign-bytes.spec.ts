import { beforeEach, describe, expect, it } from '@jest/globals';

import { violationsOf } from '../testing/broken-rules.js';
import { HistoryBuilder } from '../testing/history-builder.js';

let h: HistoryBuilder;

function faults(): readonly string[] {
  return violationsOf(h).filter((violation) => violation.startsWith('foreign-bytes'));
}

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('all bytes are the own ones', () => {
  it('whatever a number looks like', () => {
    // Twice what separates the parts of other values.
    h.sum('n/0', 0x7c7c7c7cn);
    h.put('x/0', { sizeBytes: 5_000 });
    h.get('n/0');
    h.snapshot();
    h.feed(0);
    expect(violationsOf(h)).toEqual([]);
  });
});

describe('foreign bytes are found', () => {
  beforeEach(() => {
    h.put('x/0');
    h.sum('n/0', 1n);
  });

  it.each(['d1|c0|', 'd01|c0|', 'd0', '', 'd012345678'])('in an answer: %j', (value) => {
    h.get('x/0').answer = { kind: 'entry', entry: { value, version: h.versionOf(1) } };
    expect(faults()).toEqual([`foreign-bytes: c2: x/0 holds ${JSON.stringify(value)}`]);
  });

  it('in a snapshot', () => {
    const snapshot = h.snapshot();
    if (snapshot.answer.kind !== 'snapshot') throw new Error('a snapshot is answered by one');
    const [number, ...others] = snapshot.answer.entries;
    snapshot.answer = {
      ...snapshot.answer,
      entries: [{ ...number!, value: 'd1' + number!.value.slice(2) }, ...others],
    };
    expect(faults()).toHaveLength(1);
  });

  it('in a feed and among the commits', () => {
    const [first, second] = h.database.commits;
    const foreign = { ...first!, entries: [{ ...first!.entries[0]!, value: 'd1|c0|' }] };
    h.commits = [foreign, second!];
    h.feed(0).answer = { kind: 'feed', commits: [foreign, second!], through: 2 };
    expect(faults()).toEqual([
      'foreign-bytes: the commit of 1: x/0 holds "d1|c0|"',
      'foreign-bytes: c2 of 1: x/0 holds "d1|c0|"',
    ]);
  });
});
