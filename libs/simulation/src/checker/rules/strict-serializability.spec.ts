import { beforeEach, describe, expect, it } from '@jest/globals';

import { brokenRules, disorderOf, violationsOf } from '../testing/broken-rules.js';
import { HistoryBuilder, msOf, unchanged } from '../testing/history-builder.js';

const RULE = 'strict-serializability';
const CLEARED = { start: 'x/', end: 'x0' };
const EXPIRING = { start: 'e/', end: 'e0' };

let h: HistoryBuilder;

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('a database is strictly serializable', () => {
  it('when every answer is that of one version inside of its call', () => {
    h.pair();
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
    const late = h.pair({ answer: 'unknown' });
    h.pair({ answer: 'unknown' });
    h.pair();
    h.snapshot();
    h.land(late);
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it('when deletes, range deletes and sums of unknown outcome have taken effect', () => {
    h.pair();
    h.delete('x/0', { answer: 'unknown', isApplied: true });
    const sums = [1n, 2n].map((operand) => h.sum('n/0', operand, { answer: 'unknown' }));
    h.transact(() => [{ op: 'deleteRange', range: CLEARED }], { answer: 'unknown', isApplied: true });
    for (const sum of [...sums].reverse()) h.land(sum);
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it('when of two like deletes the one that fits only one place is not given to another', () => {
    h.pair();
    const free = h.delete('x/0', { answer: 'unknown' });
    const bound = h.delete('x/0', { answer: 'unknown', checks: [{ kind: 'version', key: 'x/0', ...h.versionOf(1) }] });
    h.land(bound);
    h.pair();
    h.land(free);
    expect(violationsOf(h)).toEqual([]);
  });

  it('when a keyed transaction is sent again and applied once', () => {
    const call = h.pair({ keyed: true, answer: 'unknown', isApplied: true });
    h.pair();
    call.answer = { kind: 'committed', version: h.versionOf(1), effect: 'repeated' };
    call.endedAt = ++h.moment;
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it('when calls beside each other are told versions in another order than they began and ended', () => {
    const { moment } = h;
    h.pair();
    h.pair({ begunAt: moment });
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
    h.put('e/0', { expiresAt: msOf(10) });
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
    h.put('e/0', { expiresAt: msOf(5) });
    h.get('e/0', {}, 0);
    expect(violationsOf(h, msOf(2))).toEqual([]);
    expect(brokenRules(h, msOf(1) - 1)).toContain(RULE);
  });

  it('when an owner deletes what has expired, and a range check fails for it', () => {
    h.put('e/0', { expiresAt: msOf(5) });
    h.moment = 8;
    h.expire('e/0');
    h.refused(unchanged(EXPIRING, 1), h.versionOf(2), { begunAt: 8 });
    h.put('r/0', { checks: [unchanged(EXPIRING, 2)] });
    expect(violationsOf(h)).toEqual([]);
  });

  it('when a range check passes over what had expired by the version that it names', () => {
    h.put('e/0', { expiresAt: msOf(5) });
    h.moment = 8;
    h.put('r/0');
    h.put('r/1', { checks: [unchanged(EXPIRING, 2)] });
    expect(violationsOf(h)).toEqual([]);
  });

  it('when a refusal for an expiry names a commit that had to come after its other checks', () => {
    h.put('e/0', { expiresAt: msOf(5) });
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
  describe('where not every commit is known:', () => {
    beforeEach(() => {
      h.commits = undefined;
    });

    it('acknowledgements out of the order of real time', () => {
      h.put('x/0');
      h.put('x/1');
      const [first, second] = h.calls;
      [first!.answer, second!.answer] = [second!.answer, first!.answer];
      expect(disorderOf(h)).toContainEqual(
        expect.stringContaining(
          'version 1 cannot have been there before c1 began at 3, and 2 was for c0, which ended at 2',
        ),
      );
    });

    it('a snapshot that is older than an acknowledgement', () => {
      h.put('x/0');
      h.snapshot({}, 0);
      expect(disorderOf(h)).toContainEqual(expect.stringContaining('version 1 cannot have been there before c1 began'));
    });

    it('epochs that fall', () => {
      h.epoch = 2;
      h.put('x/0');
      h.epoch = 1;
      h.put('x/0');
      expect(disorderOf(h)).toContainEqual(expect.stringContaining('epochs fall from 2.1 to 1.2'));
    });
  });
});
