import { beforeEach, describe, expect, it } from '@jest/globals';

import { brokenRules, violationsOf } from '../testing/broken-rules.js';
import { HistoryBuilder } from '../testing/history-builder.js';

const KEY = 'l/0';

let h: HistoryBuilder;

function append(items: string, answer: 'acknowledged' | 'unknown' = 'acknowledged', isApplied = true) {
  return h.put(KEY, { content: items, answer, isApplied });
}

function faults(): readonly string[] {
  return violationsOf(h).filter((violation) => violation.startsWith('list-append'));
}

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('a list', () => {
  it('is whole when everybody goes on from what was there, also from what nobody was told of', () => {
    append('a');
    append('a,b', 'unknown');
    append('a,b,c');
    append('a,b,c,d', 'unknown', false);
    h.get(KEY);
    append('a,b,c,e');
    h.snapshot({ at: 1 });
    expect(violationsOf(h)).toEqual([]);
  });

  it('is whole where not every commit is known', () => {
    append('a');
    h.get(KEY);
    append('a,b');
    h.commits = undefined;
    expect(violationsOf(h)).toEqual([]);
  });

  it('is broken when an append was written over', () => {
    append('a');
    append('a,b');
    append('a,c');
    expect(faults()).toEqual([
      'list-append: l/0 is not continued: 1.2 of the commit [a,b], then 1.3 of the commit [a,c]',
      'list-append: l/0 has lost b, which was acknowledged: 1.3 of the commit [a,c]',
    ]);
  });

  it('is broken when an acknowledged append is lost from what somebody sees', () => {
    append('a');
    append('a,b');
    append('a,b,c', 'unknown');
    h.get(KEY).answer = { kind: 'entry', entry: { value: 'd0|c2|a,c', version: h.versionOf(3) } };
    h.commits = undefined;
    expect(faults()).toHaveLength(2);
  });

  it('is broken when an item is in it twice', () => {
    append('a');
    append('a,a');
    expect(faults()).toEqual(['list-append: l/0 holds an item twice: 1.2 of the commit [a,a]']);
  });

  it('is broken when a feed tells it in another order', () => {
    append('a');
    append('a,b');
    const { answer } = h.feed(0);
    if (answer.kind !== 'feed') throw new Error('a feed is answered by one');
    const [, second] = answer.commits;
    const entries = [{ ...second!.entries[0]!, value: 'd0|c1|b,a' }];
    h.calls[2]!.answer = { ...answer, commits: [answer.commits[0]!, { ...second!, entries }] };
    expect(brokenRules(h)).toContain('list-append');
  });
});
