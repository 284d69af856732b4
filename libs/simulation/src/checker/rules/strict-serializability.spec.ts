import { beforeEach, describe, expect, it } from '@jest/globals';

import type { CheckText } from '../../history/history.js';
import { brokenRules, violationsOf } from '../testing/broken-rules.js';
import { EVERYTHING, HistoryBuilder, MS_PER_MOMENT } from '../testing/history-builder.js';

const RULE = 'strict-serializability';
const CLEARED = { start: 'x/', end: 'x0' };
const EXPIRING = { start: 'e/', end: 'e0' };

let h: HistoryBuilder;

beforeEach(() => {
  h = new HistoryBuilder();
});

function ms(moment: number): number {
  return moment * MS_PER_MOMENT;
}

/** Two keys in one transaction. */
function pair(options: Parameters<HistoryBuilder['transact']>[1] = {}, keys = ['x/0', 'x/1']) {
  return h.transact((id) => keys.map((key) => h.putOf(id, key)), options);
}

function unchanged(range: typeof CLEARED, since: number): CheckText {
  return { kind: 'range', range, since };
}

describe('a database is strictly serializable', () => {
  it('when every answer is that of one version inside of its call', () => {
    pair();
    h.snapshot();
    h.sum('n/0', 3n);
    h.sum('n/0', 4n, { isMarked: false });
    h.takeOver();
    h.transact((id) => [h.putOf(id, 'x/2'), { op: 'deleteRange', range: CLEARED }, h.putOf(id, 'x/3')]);
    h.snapshot();
    h.snapshot({ at: 1 });
    h.get('x/0');
    h.get('x/3');
    h.feed(0);
    h.feed(2, 3);
    h.transact(() => [], { checks: [{ kind: 'present', key: 'x/3' }] });
    expect(violationsOf(h)).toEqual([]);
  });

  it('when a transaction of unknown outcome lands late, or never', () => {
    const late = pair({ answer: 'unknown' });
    pair({ answer: 'unknown' });
    pair();
    h.snapshot();
    h.land(late);
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it('when deletes, range deletes and sums of unknown outcome have taken effect', () => {
    pair();
    h.delete('x/0', { answer: 'unknown', isApplied: true });
    const sums = [1n, 2n].map((operand) => h.sum('n/0', operand, { answer: 'unknown' }));
    h.transact(() => [{ op: 'deleteRange', range: CLEARED }], { answer: 'unknown', isApplied: true });
    for (const sum of [...sums].reverse()) h.land(sum);
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it('when of two like deletes the one that fits only one place is not given to another', () => {
    pair();
    const free = h.delete('x/0', { answer: 'unknown' });
    const bound = h.delete('x/0', { answer: 'unknown', checks: [{ kind: 'version', key: 'x/0', ...h.versionOf(1) }] });
    h.land(bound);
    pair();
    h.land(free);
    expect(violationsOf(h)).toEqual([]);
  });

  it('when a keyed transaction is sent again and applied once', () => {
    const call = pair({ keyed: true, answer: 'unknown', isApplied: true });
    pair();
    call.answer = { kind: 'committed', version: h.versionOf(1), effect: 'repeated' };
    call.endedAt = ++h.moment;
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it('when calls beside each other are told versions in another order than they began and ended', () => {
    const { moment } = h;
    pair();
    pair({ begunAt: moment });
    h.snapshot({ begunAt: moment }, 0);
    h.snapshot({ begunAt: moment }, 1);
    h.get('x/0', { begunAt: moment }, 0);
    expect(violationsOf(h)).toEqual([]);
  });

  it('when refusals are explained by some version of their time', () => {
    const { moment } = h;
    h.put('x/0');
    h.put('x/0');
    h.refused({ kind: 'absent', key: 'x/0' }, h.versionOf(1), { begunAt: moment });
    h.refused({ kind: 'version', key: 'x/0', ...h.versionOf(1) }, h.versionOf(2));
    h.refused({ kind: 'present', key: 'x/1' }, undefined);
    h.refused(unchanged(CLEARED, 1), h.versionOf(2));
    h.refused(unchanged(CLEARED, 0), h.versionOf(1));
    h.refused(unchanged(CLEARED, 0), undefined);
    expect(violationsOf(h)).toEqual([]);
  });

  it('when an expiry is noticed to the ms', () => {
    h.put('e/0', { expiresAt: ms(10) });
    h.moment = 8;
    const [before, beside, after] = [h.get('e/0'), h.get('e/0', { begunAt: 9 }, 0), h.get('e/0')];
    expect([before, beside, after].map(({ answer }) => 'entry' in answer && answer.entry?.version.sequence)).toEqual([
      1,
      undefined,
      undefined,
    ]);
    h.snapshot();
    h.put('e/0', { checks: [{ kind: 'absent', key: 'e/0' }] });
    expect(violationsOf(h)).toEqual([]);
  });

  it('when clocks differ by no more than they may', () => {
    h.put('e/0', { expiresAt: ms(5) });
    h.get('e/0', {}, 0);
    expect(violationsOf(h, ms(2))).toEqual([]);
    expect(brokenRules(h, ms(1) - 1)).toContain(RULE);
  });

  it('when an owner deletes what has expired, and a range check fails for it', () => {
    h.put('e/0', { expiresAt: ms(5) });
    h.moment = 8;
    h.expire('e/0');
    h.refused(unchanged(EXPIRING, 1), h.versionOf(2), { begunAt: 8 });
    h.put('r/0', { checks: [unchanged(EXPIRING, 2)] });
    expect(violationsOf(h)).toEqual([]);
  });

  it('when a range check passes over what had expired by the version that it names', () => {
    h.put('e/0', { expiresAt: ms(5) });
    h.moment = 8;
    h.put('r/0');
    h.put('r/1', { checks: [unchanged(EXPIRING, 2)] });
    expect(violationsOf(h)).toEqual([]);
  });

  it('when a refusal for an expiry names a commit that had to come after its other checks', () => {
    h.put('e/0', { expiresAt: ms(5) });
    h.moment = 6;
    // Sees it expired.
    h.put('r/0');
    h.expire('e/0');
    const call = h.refused(unchanged(EXPIRING, 1), h.versionOf(3), { begunAt: 8 });
    if (call.request.kind !== 'transact') throw new Error('a refusal is of a transaction');
    const unchangedToo = unchanged({ start: 'e/', end: 'f' }, 2);
    call.request = { ...call.request, checks: [unchangedToo, ...call.request.checks] };
    call.answer = { kind: 'refused', failedCheck: 1, present: h.versionOf(3) };
    expect(violationsOf(h)).toEqual([]);
  });
});

describe('a database is not strictly serializable', () => {
  function expectBroken(what: string): void {
    const found = violationsOf(h).filter((violation) => violation.startsWith(RULE));
    expect(found).toContainEqual(expect.stringContaining(what));
  }

  it('when an acknowledged commit is lost', () => {
    h.put('x/0').answer = { kind: 'committed', version: { epoch: 1, sequence: 2 }, effect: 'committed' };
    h.commits = [];
    expectBroken('c0 was acknowledged at 1.2 and is lost');
  });

  it('when an acknowledged delete, which bears no name, is lost', () => {
    h.put('x/0');
    h.delete('x/0');
    h.commits = h.database.commits.slice(0, 1);
    expectBroken('c1 was acknowledged at 1.2 and is lost');
  });

  it('when another commit is where one was acknowledged', () => {
    h.put('x/0');
    h.delete('x/0', { answer: 'unknown' }).answer = {
      kind: 'committed',
      version: h.versionOf(1),
      effect: 'committed',
    };
    expectBroken('c1 was acknowledged at 1.1 and is lost');
  });

  it('when a commit is elsewhere than where it was acknowledged', () => {
    h.put('x/0');
    h.put('x/1').answer = { kind: 'committed', version: h.versionOf(1), effect: 'committed' };
    expectBroken('c1 was acknowledged at 1.1 and is at 2');
  });

  it('when a commit has another epoch than was acknowledged', () => {
    h.put('x/0').answer = { kind: 'committed', version: { epoch: 2, sequence: 1 }, effect: 'committed' };
    expectBroken('c0 was acknowledged at 2.1 and is at 1.1');
  });

  it.each(['unknown', 'acknowledged'] as const)('when one transaction of %s outcome is applied twice', (answer) => {
    const call = pair({ answer, isApplied: true, keyed: true });
    h.land(call);
    expectBroken('c0 was applied 2 times, at 1 and 2');
  });

  it('when a sum of unknown outcome is applied twice', () => {
    const call = h.sum('n/0', 5n, { answer: 'unknown', isApplied: true });
    h.land(call);
    expectBroken('asked for less often');
  });

  it('when a delete was seen before it was sent', () => {
    pair();
    h.land(h.delete('x/0', { answer: 'disclaimed' }));
    h.snapshot();
    h.delete('x/0', { answer: 'unknown' });
    expectBroken('nobody asked for commit 2: delete x/0');
  });

  it.each([
    ['disclaimed', 'c0 was disclaimed and is at 1'],
    ['refused', 'c0 was refused and is at 1'],
  ])('when what was %s is there', (kind, what) => {
    const call = h.put('x/0', { answer: 'disclaimed', isApplied: true });
    if (kind === 'refused') call.answer = { kind: 'refused', failedCheck: 0, present: undefined };
    expectBroken(what);
  });

  it('when nobody asked for a commit', () => {
    h.put('x/0');
    h.calls.length = 0;
    expectBroken('nobody asked for commit 1, whose values name c0');
  });

  it('when an owner deletes what has not expired', () => {
    h.put('e/0', { expiresAt: ms(50) });
    h.expire('e/0');
    h.snapshot();
    expectBroken('nobody asked for commit 2');
  });

  it('when values of two transactions are in one commit', () => {
    pair();
    const [commit] = h.database.commits;
    const stray = { key: 'x/2', kind: 'put', value: 'd0|c7|', expiresAt: Infinity } as const;
    h.commits = [{ ...commit!, entries: [...commit!.entries, stray] }];
    expectBroken('commit 1 holds values of several calls: c0, c7');
  });

  it('when a part of a transaction is missing', () => {
    pair();
    const [commit] = h.database.commits;
    h.commits = [{ ...commit!, entries: commit!.entries.slice(1) }];
    expectBroken('c0 did something else at 1.1');
  });

  it('when a sum was added to something else', () => {
    h.sum('n/0', 5n);
    h.sum('n/0', 6n);
    const [first, second] = h.database.commits;
    h.commits = [first!, { ...second!, entries: first!.entries }];
    expectBroken('c1 did something else at 1.2');
  });

  it('when a range delete is not there', () => {
    h.transact((id) => [{ op: 'deleteRange', range: CLEARED }, h.putOf(id, 'x/0')]);
    const [commit] = h.database.commits;
    h.commits = [{ ...commit!, rangeDeletes: [] }];
    expectBroken('c0 did something else at 1.1');
  });

  it('when sequences have a gap, or epochs fall', () => {
    h.put('x/0');
    h.takeOver();
    h.put('x/1');
    h.epoch = 1;
    h.put('x/2');
    expectBroken('epochs fall from 2.2 to 1.3');
    h.commits = h.database.commits.slice(0, 1).concat(h.database.commits.slice(2));
    expectBroken('commit 1.3 follows 1.1');
  });

  it('when an update was lost: a check did not hold before the commit', () => {
    h.put('x/0');
    const checks = [{ kind: 'version', key: 'x/0', ...h.versionOf(1) } as const];
    h.put('x/0', { checks });
    h.put('x/0', { checks, answer: 'unknown', isApplied: true });
    expectBroken('check 0 of c2 did not hold before 1.3');
  });

  it('when a phantom was in a range that is said to be unchanged', () => {
    h.put('x/0');
    h.delete('x/9');
    h.put('r/0', { checks: [unchanged(CLEARED, 1)] });
    expectBroken('check 0 of c2 did not hold before 1.3');
  });

  it('when a range check passes over an expiry', () => {
    h.put('e/0', { expiresAt: ms(5) });
    h.moment = 8;
    h.put('r/0', { checks: [unchanged(EXPIRING, 1)] });
    expectBroken('check 0 of c1 did not hold before 1.2');
  });

  it('when a commit has a time that no clock had', () => {
    h.put('x/0');
    h.commits = [{ ...h.database.commits[0]!, committedAt: ms(3) }];
    expectBroken('commit 1.1 has the time 30');
  });

  it('when a reading is stale', () => {
    h.put('x/0');
    h.put('x/0');
    h.get('x/0', {}, 1);
    expectBroken('version 2 cannot have been there before c2 began at 5, and 2 was for c1, which ended at 4');
  });

  it('when an absence is stale', () => {
    h.put('x/0');
    h.get('x/0', {}, 0);
    expectBroken('c1: x/0 was absent at none of the versions 1 to 1');
  });

  it('when two clients see two commits in different orders', () => {
    const { moment } = h;
    h.get('x/0', { client: 'b' });
    h.put('x/0', { begunAt: moment });
    h.put('x/1', { begunAt: moment });
    const [, first, second] = h.calls;
    // Both go on while they are read.
    first!.endedAt = second!.endedAt = 99;
    h.moment = 10;
    h.get('x/1');
    h.get('x/0', {}, 0);
    expectBroken('c4: x/0 was absent at none of the versions 2 to 2');
  });

  it('when what ended before another began has the higher version', () => {
    h.put('x/0');
    h.put('x/1');
    const [first, second] = h.calls;
    [first!.begunAt, first!.endedAt, second!.begunAt, second!.endedAt] = [3, 4, 1, 2];
    expectBroken('version 1 cannot have been there before c0 began at 3, and 2 was for c1, which ended at 2');
  });

  it('when a snapshot is torn', () => {
    pair();
    pair();
    const snapshot = h.snapshot();
    if (snapshot.answer.kind !== 'snapshot') throw new Error('a snapshot is answered by one');
    const [, old] = h.database.entriesAt(1, 0);
    snapshot.answer = {
      ...snapshot.answer,
      entries: snapshot.answer.entries.map((entry) => (entry.key === old!.key ? old! : entry)),
    };
    expectBroken('c2 shows x/0 at 2 as d0|c0| of 1.1, and there is d0|c1| of 1.2');
  });

  it('when a snapshot leaves something out, or shows what it was not asked for', () => {
    pair();
    const { answer } = h.snapshot({ range: { start: 'x/1', end: undefined } });
    h.calls[1]!.request = { kind: 'snapshot', range: EVERYTHING, at: undefined };
    expectBroken('c1 shows 1.1 without m/a');
    h.calls[1]!.request = { kind: 'snapshot', range: { start: 'x/2', end: undefined }, at: undefined };
    expect(answer.kind).toBe('snapshot');
    expectBroken('c1 shows x/1, which it did not ask for');
  });

  it('when what had been deleted by range is shown again', () => {
    h.put('x/0');
    h.transact(() => [{ op: 'deleteRange', range: CLEARED }]);
    const snapshot = h.snapshot();
    if (snapshot.answer.kind === 'snapshot')
      snapshot.answer = { ...snapshot.answer, entries: h.database.entriesAt(1, 0) };
    expectBroken('c2 shows x/0 at 2 as d0|c0| of 1.1, and there is nothing');
  });

  it('when what has expired is shown', () => {
    h.put('e/0', { expiresAt: ms(4) });
    const get = h.get('e/0');
    h.moment = 20;
    get.begunAt = ++h.moment;
    get.endedAt = ++h.moment;
    get.begunMs = ms(get.begunAt);
    get.endedMs = ms(get.endedAt);
    expectBroken('c1 shows e/0 at 1');
  });

  it('when a snapshot of the past shows another version, or one that is still to come', () => {
    pair();
    pair();
    h.snapshot({ at: 1 }, 2);
    expectBroken('c2 asked for version 1 and was shown 1.2');
    h.calls.length = 2;
    const early = h.snapshot({ at: 2 });
    [early.begunAt, early.endedAt] = [0, 1];
    expectBroken('version 2 cannot have been there before c1 began at 3, and 2 was for c2, which ended at 1');
  });

  it('when a version is shown that was undone', () => {
    pair();
    pair();
    h.snapshot();
    h.calls.splice(1, 1);
    h.commits = h.database.commits.slice(0, 1);
    expectBroken('c2 shows version 1.2, which does not exist');
  });

  it('when nothing was to be committed and the version is stale', () => {
    pair();
    pair();
    const call = h.transact(() => [], { checks: [{ kind: 'present', key: 'x/0' }] });
    call.answer = { kind: 'committed', version: h.versionOf(1), effect: 'nothing' };
    expectBroken('version 2 cannot have been there before c2 began');
    call.answer = { kind: 'committed', version: h.versionOf(2), effect: 'committed' };
    expectBroken('c2 was answered committed');
  });

  it('when nothing was to be committed and a check did not hold', () => {
    pair();
    h.transact(() => [], { checks: [{ kind: 'absent', key: 'x/0' }] });
    expectBroken('a check of c1 did not hold at 1.1');
  });

  describe('when a refusal has no reason:', () => {
    beforeEach(() => {
      h.put('x/0');
      h.put('x/0');
    });

    it('the key was as demanded', () => {
      h.refused({ kind: 'version', key: 'x/0', ...h.versionOf(2) }, h.versionOf(2));
      expectBroken('c2: check 0 failed on 1.2 at none of the versions 2 to 2');
    });

    it('the key had been there for long', () => {
      h.refused({ kind: 'present', key: 'x/0' }, undefined);
      expectBroken('c2: check 0 failed on nothing');
    });

    it('it shows a version that had been overwritten', () => {
      h.refused({ kind: 'absent', key: 'x/0' }, h.versionOf(1));
      expectBroken('c2: check 0 failed on 1.1');
    });

    it('the commit that it names did nothing to the range', () => {
      h.put('r/0');
      h.refused(unchanged(CLEARED, 2), h.versionOf(3));
      expectBroken('c3: check 0 failed on 1.3');
    });

    it('the range has not changed since then', () => {
      h.refused(unchanged(CLEARED, 2), h.versionOf(2));
      expectBroken('c2: check 0 failed on 1.2');
    });

    it('it names a check that the transaction does not have', () => {
      h.refused({ kind: 'present', key: 'x/1' }, undefined).answer = {
        kind: 'refused',
        failedCheck: 1,
        present: undefined,
      };
      expectBroken('c2: check 1 failed on nothing');
    });

    it('a check before it would have failed first', () => {
      const call = h.refused({ kind: 'absent', key: 'x/0' }, h.versionOf(2));
      if (call.request.kind !== 'transact') throw new Error('a refusal is of a transaction');
      call.request = { ...call.request, checks: [{ kind: 'present', key: 'x/1' }, ...call.request.checks] };
      call.answer = { kind: 'refused', failedCheck: 1, present: h.versionOf(2) };
      expectBroken('c2: check 1 failed on 1.2');
    });
  });

  describe('when a feed', () => {
    beforeEach(() => {
      for (let i = 0; i < 3; i++) pair();
    });

    it('leaves a commit out', () => {
      const { answer } = h.feed(0);
      if (answer.kind === 'feed') h.calls[3]!.answer = { ...answer, commits: answer.commits.slice(1) };
      expectBroken('c3 tells 2 commits from 0 to 3');
    });

    it('tells a commit otherwise than it is', () => {
      const { answer } = h.feed(1);
      if (answer.kind !== 'feed') throw new Error('a feed is answered by one');
      const [first, second] = answer.commits;
      h.calls[3]!.answer = { ...answer, commits: [first!, { ...second!, entries: first!.entries }] };
      expectBroken('c3 tells 1.3 otherwise than it is');
    });

    it('does not tell what had been acknowledged before it began', () => {
      h.feed(0, 2).request = { kind: 'feed', since: 0, maxCommits: 3 };
      expectBroken('c3 ends at 2, although 3 was there when it began');
    });

    it('goes beyond the last commit', () => {
      const { answer } = h.feed(0);
      if (answer.kind === 'feed') h.calls[3]!.answer = { ...answer, through: 4 };
      expectBroken('c3 tells up to 4, and the last commit is 3');
    });
  });

  describe('where not every commit is known:', () => {
    beforeEach(() => {
      h.commits = undefined;
    });

    it('acknowledgements out of the order of real time', () => {
      h.put('x/0');
      h.put('x/1');
      const [first, second] = h.calls;
      [first!.answer, second!.answer] = [second!.answer, first!.answer];
      expectBroken('version 1 cannot have been there before c1 began at 3, and 2 was for c0, which ended at 2');
    });

    it('a snapshot that is older than an acknowledgement', () => {
      h.put('x/0');
      h.snapshot({}, 0);
      expectBroken('version 1 cannot have been there before c1 began');
    });

    it('epochs that fall', () => {
      h.epoch = 2;
      h.put('x/0');
      h.epoch = 1;
      h.put('x/0');
      expectBroken('epochs fall from 2.1 to 1.2');
    });
  });
});
