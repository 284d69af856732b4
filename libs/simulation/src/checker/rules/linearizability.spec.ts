import { beforeEach, describe, expect, it } from '@jest/globals';

import type { DatabaseHistory } from '../../history/history.js';
import { HistoryBuilder } from '../testing/history-builder.js';
import { linearizability, SEARCH_STEPS } from './linearizability.js';

const KEY = 'r/0';
const OTHER = 'r/1';

let h: HistoryBuilder;

beforeEach(() => {
  h = new HistoryBuilder();
});

/** What calls alone tell. */
function databaseOf(builder = h): DatabaseHistory {
  return { ...(builder.history().databases[0] as DatabaseHistory), commits: undefined };
}

function faults(): readonly string[] {
  const { faults, undecided } = linearizability(databaseOf());
  expect(undecided).toEqual([]);
  return faults;
}

describe('a register is linearizable', () => {
  it('when each reading shows the write before it', () => {
    h.get(KEY);
    h.put(KEY, { checks: [{ kind: 'absent', key: KEY }] });
    h.get(KEY);
    h.delete(KEY, { checks: [{ kind: 'present', key: KEY }] });
    h.get(KEY);
    expect(faults()).toEqual([]);
  });

  it('when a write of unknown outcome lands after later ones', () => {
    const lost = h.put(KEY, { answer: 'unknown' });
    h.put(KEY);
    h.get(KEY);
    h.land(lost);
    h.get(KEY);
    h.put(KEY);
    h.get(KEY);
    expect(faults()).toEqual([]);
  });

  it('when one of unknown outcome never lands, or nobody sees it', () => {
    h.put(KEY);
    h.put(KEY, { answer: 'unknown' });
    h.get(KEY);
    h.put(KEY, { answer: 'unknown', isApplied: true });
    h.put(KEY);
    h.get(KEY);
    expect(faults()).toEqual([]);
  });

  it('when a delete of unknown outcome takes effect between two readings', () => {
    h.put(KEY);
    const lost = h.delete(KEY, { answer: 'unknown' });
    h.get(KEY);
    h.land(lost);
    h.get(KEY);
    h.put(KEY);
    h.get(KEY);
    expect(faults()).toEqual([]);
  });

  it('when readings beside a write see it or not', () => {
    h.put(KEY);
    const { moment } = h;
    h.put(KEY);
    h.get(KEY, { begunAt: moment }, 1);
    h.get(KEY, { begunAt: moment }, 2);
    expect(faults()).toEqual([]);
  });

  it('when a repetition is told of its first attempt, which another has overwritten', () => {
    const first = h.put(KEY, { answer: 'unknown', isApplied: true, keyed: true });
    h.put(KEY);
    first.answer = { kind: 'committed', version: h.versionOf(1), effect: 'repeated' };
    first.endedAt = ++h.moment;
    h.get(KEY);
    expect(faults()).toEqual([]);
  });

  it('when a refusal shows the version of a write that nobody was told of', () => {
    h.put(KEY, { answer: 'unknown', isApplied: true });
    h.refused({ kind: 'absent', key: KEY }, h.versionOf(1));
    h.put(KEY, { checks: [{ kind: 'version', key: KEY, ...h.versionOf(1) }] });
    expect(faults()).toEqual([]);
  });

  it('whatever reads of the past show', () => {
    h.put(KEY);
    h.put(KEY);
    h.snapshot({ at: 1 });
    h.snapshot({ at: 0 });
    expect(faults()).toEqual([]);
  });
});

describe('a register is not linearizable', () => {
  it('when a reading is older than what had been acknowledged before it began', () => {
    h.put(KEY);
    h.put(KEY);
    h.get(KEY, {}, 1);
    expect(faults()).toEqual([expect.stringContaining(`${KEY}: the sight of 1.1 by c2`)]);
  });

  it('when an acknowledged write is lost', () => {
    h.put(KEY);
    h.get(KEY, {}, 0);
    expect(faults()).toHaveLength(1);
  });

  it('when a reading goes back behind another, beside the write', () => {
    h.put(KEY);
    const { moment } = h;
    h.get(KEY, {}, 1).answer = { kind: 'entry', entry: { value: 'd0|c2|', version: { epoch: 1, sequence: 2 } } };
    h.get(KEY);
    h.put(KEY, { begunAt: moment });
    expect(faults()).toHaveLength(1);
  });

  it('when a snapshot goes back behind a get', () => {
    h.put(KEY);
    h.put(KEY);
    h.get(KEY);
    h.snapshot({}, 1);
    expect(faults()).toHaveLength(1);
  });

  it('when somebody is shown what nobody has written', () => {
    h.put(KEY).answer = { kind: 'disclaimed', code: 'owner-unavailable' };
    h.get(KEY);
    expect(faults()).toHaveLength(1);
  });

  it('when two swaps of one version are acknowledged', () => {
    h.put(KEY);
    const checks = [{ kind: 'version', key: KEY, ...h.versionOf(1) } as const];
    const { moment } = h;
    h.put(KEY, { checks });
    h.put(KEY, { checks, begunAt: moment });
    expect(faults()).toEqual([expect.stringContaining('the write of c2')]);
  });

  it('when something is created over what is there', () => {
    h.put(KEY);
    h.put(KEY, { checks: [{ kind: 'absent', key: KEY }] });
    expect(faults()).toHaveLength(1);
  });

  it('when a write is refused for what is not so', () => {
    h.put(KEY);
    h.refused({ kind: 'version', key: KEY, ...h.versionOf(1) }, undefined);
    expect(faults()).toEqual([expect.stringContaining('the absence for c1')]);
  });

  it('when one delete of unknown outcome would have to take effect twice', () => {
    h.delete(KEY, { answer: 'unknown' });
    for (let i = 0; i < 2; i++) {
      h.put(KEY);
      h.get(KEY, {}, 0);
    }
    expect(faults()).toHaveLength(1);
  });

  it('when what was overwritten comes back under a new version', () => {
    const lost = h.put(KEY, { answer: 'unknown', isApplied: true });
    h.get(KEY);
    h.put(KEY);
    h.land(lost);
    h.get(KEY);
    expect(faults()).toHaveLength(1);
  });

  it('when a transaction of unknown outcome was seen on one of its keys and not on the other', () => {
    h.put(OTHER);
    h.transact((id) => [h.putOf(id, KEY), h.putOf(id, OTHER)], { answer: 'unknown', isApplied: true });
    h.get(KEY);
    h.get(OTHER, {}, 1);
    expect(faults()).toEqual([expect.stringContaining(OTHER)]);
  });

  it('when a value that was swapped out by one who saw it is shown again', () => {
    h.put(KEY);
    h.put(KEY, { checks: [{ kind: 'version', key: KEY, ...h.versionOf(1) }] });
    h.refused({ kind: 'absent', key: KEY }, h.versionOf(1));
    expect(faults()).toHaveLength(1);
  });
});

describe('the search', () => {
  const CALLS = 2_000;

  /** Writers and readers beside each other, and every tenth outcome is unknown: half of those take effect, some much later. */
  function busy(): void {
    const late: (() => void)[] = [];
    for (let i = 0; i < CALLS; i++) {
      const begunAt = Math.max(1, h.moment - (i % 7));
      const isLost = i % 10 === 3;
      if (i % 3 !== 0 && !isLost) h.get(KEY, { begunAt });
      else {
        const write = i % 20 < 10 ? h.put.bind(h) : h.delete.bind(h);
        const call = write(KEY, isLost ? { answer: 'unknown' } : { begunAt: h.moment });
        if (isLost && i % 4 === 3) late.push(() => h.land(call));
      }
      if (i % 50 === 49) late.shift()?.();
    }
  }

  it('takes little more than a step for each write', () => {
    busy();
    const writes = h.calls.filter(({ request }) => request.kind === 'transact').length;
    expect(linearizability(databaseOf(), 2 * writes)).toEqual({ faults: [], undecided: [] });
  });

  it('finds out within its budget that there is no order, also among many unknown outcomes', () => {
    busy();
    h.put(KEY);
    h.put(KEY);
    h.get(KEY, {}, h.database.last - 1);
    const { faults, undecided } = linearizability(databaseOf(), SEARCH_STEPS);
    expect(undecided).toEqual([]);
    expect(faults).toEqual([expect.stringContaining(`c${h.calls.length - 1}`)]);
  });

  it('says which keys it gave up', () => {
    h.put(KEY);
    h.put(KEY);
    h.put(OTHER);
    expect(linearizability(databaseOf(), 1)).toEqual({ faults: [], undecided: [KEY] });
  });
});
