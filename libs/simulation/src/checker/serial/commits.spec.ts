import { beforeEach, describe, expect, it } from '@jest/globals';

import { disorderOf } from '../testing/broken-rules.js';
import { HistoryBuilder, msOf, unchanged } from '../testing/history-builder.js';

const CLEARED = { start: 'x/', end: 'x0' };
const EXPIRING = { start: 'e/', end: 'e0' };

let h: HistoryBuilder;

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('commits are out of order', () => {
  it('when an acknowledged commit is lost', () => {
    h.put('x/0').answer = { kind: 'committed', version: { epoch: 1, sequence: 2 }, effect: 'committed' };
    h.commits = [];
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c0 was acknowledged at 1.2 and is lost'));
  });

  it('when an acknowledged delete, which bears no name, is lost', () => {
    h.put('x/0');
    h.delete('x/0');
    h.commits = h.database.commits.slice(0, 1);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c1 was acknowledged at 1.2 and is lost'));
  });

  it('when another commit is where one was acknowledged', () => {
    h.put('x/0');
    h.delete('x/0', { answer: 'unknown' }).answer = {
      kind: 'committed',
      version: h.versionOf(1),
      effect: 'committed',
    };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c1 was acknowledged at 1.1 and is lost'));
  });

  it('when a commit is elsewhere than where it was acknowledged', () => {
    h.put('x/0');
    h.put('x/1').answer = { kind: 'committed', version: h.versionOf(1), effect: 'committed' };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c1 was acknowledged at 1.1 and is at 2'));
  });

  it('when a commit has another epoch than was acknowledged', () => {
    h.put('x/0').answer = { kind: 'committed', version: { epoch: 2, sequence: 1 }, effect: 'committed' };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c0 was acknowledged at 2.1 and is at 1.1'));
  });

  it.each(['unknown', 'acknowledged'] as const)('when one transaction of %s outcome is applied twice', (answer) => {
    const call = h.pair({ answer, isApplied: true, keyed: true });
    h.land(call);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c0 was applied 2 times, at 1 and 2'));
  });

  it('when a sum of unknown outcome is applied twice', () => {
    const call = h.sum('n/0', 5n, { answer: 'unknown', isApplied: true });
    h.land(call);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('asked for less often'));
  });

  it('when a sum is applied twice in place of another of unknown outcome: their operands tell them apart', () => {
    const call = h.sum('n/0', 5n, { answer: 'unknown', isApplied: true });
    h.sum('n/0', 6n, { answer: 'unknown' });
    h.land(call);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('asked for less often'));
  });

  it('when a delete was seen before it was sent', () => {
    h.pair();
    h.land(h.delete('x/0', { answer: 'disclaimed' }));
    h.snapshot();
    h.delete('x/0', { answer: 'unknown' });
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('nobody asked for commit 2: delete x/0'));
  });

  it.each([
    ['disclaimed', 'c0 was disclaimed and is at 1'],
    ['refused', 'c0 was refused and is at 1'],
  ])('when what was %s is there', (kind, what) => {
    const call = h.put('x/0', { answer: 'disclaimed', isApplied: true });
    if (kind === 'refused') call.answer = { kind: 'refused', failedCheck: 0, present: undefined };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining(what));
  });

  it('when nobody asked for a commit', () => {
    h.put('x/0');
    h.calls.length = 0;
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('nobody asked for commit 1, whose values name c0'));
  });

  it('when an owner deletes what has not expired', () => {
    h.put('e/0', { expiresAt: msOf(50) });
    h.expire('e/0');
    h.snapshot();
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('nobody asked for commit 2'));
  });

  it('when values of two transactions are in one commit', () => {
    h.pair();
    const [commit] = h.database.commits;
    const stray = { key: 'x/2', kind: 'put', value: 'd0|c7|', expiresAt: Infinity } as const;
    h.commits = [{ ...commit!, entries: [...commit!.entries, stray] }];
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('commit 1 holds values of several calls: c0, c7'));
  });

  it('when a part of a transaction is missing', () => {
    h.pair();
    const [commit] = h.database.commits;
    h.commits = [{ ...commit!, entries: commit!.entries.slice(1) }];
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c0 did something else at 1.1'));
  });

  it('when a sum was added to something else', () => {
    h.sum('n/0', 5n);
    h.sum('n/0', 6n);
    const [first, second] = h.database.commits;
    h.commits = [first!, { ...second!, entries: first!.entries }];
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c1 did something else at 1.2'));
  });

  it('when a range delete is not there', () => {
    h.transact((id) => [{ op: 'deleteRange', range: CLEARED }, h.putOf(id, 'x/0')]);
    const [commit] = h.database.commits;
    h.commits = [{ ...commit!, rangeDeletes: [] }];
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c0 did something else at 1.1'));
  });

  it('when sequences have a gap, or epochs fall', () => {
    h.put('x/0');
    h.takeOver();
    h.put('x/1');
    h.epoch = 1;
    h.put('x/2');
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('epochs fall from 2.2 to 1.3'));
    h.commits = h.database.commits.slice(0, 1).concat(h.database.commits.slice(2));
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('commit 1.3 follows 1.1'));
  });

  it('when an update was lost: a check did not hold before the commit', () => {
    h.put('x/0');
    const checks = [{ kind: 'version', key: 'x/0', ...h.versionOf(1) } as const];
    h.put('x/0', { checks });
    h.put('x/0', { checks, answer: 'unknown', isApplied: true });
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('check 0 of c2 did not hold before 1.3'));
  });

  it('when a phantom was in a range that is said to be unchanged', () => {
    h.put('x/0');
    h.delete('x/9');
    h.put('r/0', { checks: [unchanged(CLEARED, 1)] });
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('check 0 of c2 did not hold before 1.3'));
  });

  it('when a range check passes over an expiry', () => {
    h.put('e/0', { expiresAt: msOf(5) });
    h.moment = 8;
    h.put('r/0', { checks: [unchanged(EXPIRING, 1)] });
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('check 0 of c1 did not hold before 1.2'));
  });

  it('when a commit has a time that no clock had', () => {
    h.put('x/0');
    h.commits = [{ ...h.database.commits[0]!, committedAt: msOf(3) }];
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('commit 1.1 has the time 30'));
  });
});
