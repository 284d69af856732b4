import { beforeEach, describe, expect, it } from '@jest/globals';

import { disorderOf } from '../testing/broken-rules.js';
import { HistoryBuilder } from '../testing/history-builder.js';

let h: HistoryBuilder;

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('a feed is out of order when it', () => {
  beforeEach(() => {
    for (let i = 0; i < 3; i++) h.pair();
  });

  it('leaves a commit out', () => {
    const { answer } = h.feed(0);
    if (answer.kind === 'feed') h.calls[3]!.answer = { ...answer, commits: answer.commits.slice(1) };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c3 tells 2 commits from 0 to 3'));
  });

  it('tells a commit otherwise than it is', () => {
    const { answer } = h.feed(1);
    if (answer.kind !== 'feed') throw new Error('a feed is answered by one');
    const [first, second] = answer.commits;
    h.calls[3]!.answer = { ...answer, commits: [first!, { ...second!, entries: first!.entries }] };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c3 tells 1.3 otherwise than it is'));
  });

  it('does not tell what had been acknowledged before it began', () => {
    h.feed(0, 2).request = { kind: 'feed', since: 0, maxCommits: 3 };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c3 ends at 2, although 3 was there when it began'));
  });

  it('goes beyond the last commit', () => {
    const { answer } = h.feed(0);
    if (answer.kind === 'feed') h.calls[3]!.answer = { ...answer, through: 4 };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c3 tells up to 4, and the last commit is 3'));
  });
});
