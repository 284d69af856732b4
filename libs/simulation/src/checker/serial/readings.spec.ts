import { beforeEach, describe, expect, it } from '@jest/globals';

import { disorderOf } from '../testing/broken-rules.js';
import { EVERYTHING, HistoryBuilder, msOf } from '../testing/history-builder.js';

const CLEARED = { start: 'x/', end: 'x0' };

let h: HistoryBuilder;

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('readings are out of order', () => {
  it('when a reading is stale', () => {
    h.put('x/0');
    h.put('x/0');
    h.get('x/0', {}, 1);
    expect(disorderOf(h)).toContainEqual(
      expect.stringContaining(
        'version 2 cannot have been there before c2 began at 5, and 2 was for c1, which ended at 4',
      ),
    );
  });

  it('when an absence is stale', () => {
    h.put('x/0');
    h.get('x/0', {}, 0);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c1: x/0 was absent at none of the versions 1 to 1'));
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
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c4: x/0 was absent at none of the versions 2 to 2'));
  });

  it('when what ended before another began has the higher version', () => {
    h.put('x/0');
    h.put('x/1');
    const [first, second] = h.calls;
    [first!.begunAt, first!.endedAt, second!.begunAt, second!.endedAt] = [3, 4, 1, 2];
    expect(disorderOf(h)).toContainEqual(
      expect.stringContaining(
        'version 1 cannot have been there before c0 began at 3, and 2 was for c1, which ended at 2',
      ),
    );
  });

  it('when a snapshot is torn', () => {
    h.pair();
    h.pair();
    const snapshot = h.snapshot();
    if (snapshot.answer.kind !== 'snapshot') throw new Error('a snapshot is answered by one');
    const [, old] = h.database.entriesAt(1, 0);
    snapshot.answer = {
      ...snapshot.answer,
      entries: snapshot.answer.entries.map((entry) => (entry.key === old!.key ? old! : entry)),
    };
    expect(disorderOf(h)).toContainEqual(
      expect.stringContaining('c2 shows x/0 at 2 as d0|c0| of 1.1, and there is d0|c1| of 1.2'),
    );
  });

  it('when a snapshot leaves something out, or shows what it was not asked for', () => {
    h.pair();
    const { answer } = h.snapshot({ range: { start: 'x/1', end: undefined } });
    h.calls[1]!.request = { kind: 'snapshot', range: EVERYTHING, at: undefined };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c1 shows 1.1 without m/a'));
    h.calls[1]!.request = { kind: 'snapshot', range: { start: 'x/2', end: undefined }, at: undefined };
    expect(answer.kind).toBe('snapshot');
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c1 shows x/1, which it did not ask for'));
  });

  it('when what had been deleted by range is shown again', () => {
    h.put('x/0');
    h.transact(() => [{ op: 'deleteRange', range: CLEARED }]);
    const snapshot = h.snapshot();
    if (snapshot.answer.kind === 'snapshot')
      snapshot.answer = { ...snapshot.answer, entries: h.database.entriesAt(1, 0) };
    expect(disorderOf(h)).toContainEqual(
      expect.stringContaining('c2 shows x/0 at 2 as d0|c0| of 1.1, and there is nothing'),
    );
  });

  it('when what has expired is shown', () => {
    h.put('e/0', { expiresAt: msOf(4) });
    const get = h.get('e/0');
    h.moment = 20;
    get.begunAt = ++h.moment;
    get.endedAt = ++h.moment;
    get.begunMs = msOf(get.begunAt);
    get.endedMs = msOf(get.endedAt);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c1 shows e/0 at 1'));
  });

  it('when a snapshot of the past shows another version, or one that is still to come', () => {
    h.pair();
    h.pair();
    h.snapshot({ at: 1 }, 2);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c2 asked for version 1 and was shown 1.2'));
    h.calls.length = 2;
    const early = h.snapshot({ at: 2 });
    [early.begunAt, early.endedAt] = [0, 1];
    expect(disorderOf(h)).toContainEqual(
      expect.stringContaining(
        'version 2 cannot have been there before c1 began at 3, and 2 was for c2, which ended at 1',
      ),
    );
  });

  it('when a version is shown that was undone', () => {
    h.pair();
    h.pair();
    h.snapshot();
    h.calls.splice(1, 1);
    h.commits = h.database.commits.slice(0, 1);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c2 shows version 1.2, which does not exist'));
  });

  it('when nothing was to be committed and the version is stale', () => {
    h.pair();
    h.pair();
    const call = h.transact(() => [], { checks: [{ kind: 'present', key: 'x/0' }] });
    call.answer = { kind: 'committed', version: h.versionOf(1), effect: 'nothing' };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('version 2 cannot have been there before c2 began'));
    call.answer = { kind: 'committed', version: h.versionOf(2), effect: 'committed' };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c2 was answered committed'));
  });

  it('when nothing was to be committed and a check did not hold', () => {
    h.pair();
    h.transact(() => [], { checks: [{ kind: 'absent', key: 'x/0' }] });
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('a check of c1 did not hold at 1.1'));
  });
});
