import { beforeEach, describe, expect, it } from '@jest/globals';

import { disorderOf } from '../testing/broken-rules.js';
import { HistoryBuilder, unchanged } from '../testing/history-builder.js';

const CLEARED = { start: 'x/', end: 'x0' };

let h: HistoryBuilder;

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('a refusal is out of order when', () => {
  beforeEach(() => {
    h.put('x/0');
    h.put('x/0');
  });

  it('the key was as demanded', () => {
    h.refused({ kind: 'version', key: 'x/0', ...h.versionOf(2) }, h.versionOf(2));
    expect(disorderOf(h)).toContainEqual(
      expect.stringContaining('c2: check 0 failed on 1.2 at none of the versions 2 to 2'),
    );
  });

  it('the key had been there for long', () => {
    h.refused({ kind: 'present', key: 'x/0' }, undefined);
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c2: check 0 failed on nothing'));
  });

  it('it shows a version that had been overwritten', () => {
    h.refused({ kind: 'absent', key: 'x/0' }, h.versionOf(1));
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c2: check 0 failed on 1.1'));
  });

  it('the commit that it names did nothing to the range', () => {
    h.put('r/0');
    h.refused(unchanged(CLEARED, 2), h.versionOf(3));
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c3: check 0 failed on 1.3'));
  });

  it('the range has not changed since then', () => {
    h.refused(unchanged(CLEARED, 2), h.versionOf(2));
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c2: check 0 failed on 1.2'));
  });

  it('it names a check that the transaction does not have', () => {
    h.refused({ kind: 'present', key: 'x/1' }, undefined).answer = {
      kind: 'refused',
      failedCheck: 1,
      present: undefined,
    };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c2: check 1 failed on nothing'));
  });

  it('a check before it would have failed first', () => {
    const call = h.refused({ kind: 'absent', key: 'x/0' }, h.versionOf(2));
    if (call.request.kind !== 'transact') throw new Error('a refusal is of a transaction');
    call.request = { ...call.request, checks: [{ kind: 'present', key: 'x/1' }, ...call.request.checks] };
    call.answer = { kind: 'refused', failedCheck: 1, present: h.versionOf(2) };
    expect(disorderOf(h)).toContainEqual(expect.stringContaining('c2: check 1 failed on 1.2'));
  });
});
