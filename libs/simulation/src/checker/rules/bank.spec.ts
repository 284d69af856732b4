import { beforeEach, describe, expect, it } from '@jest/globals';

import { ACCOUNTS } from '../../history/values.js';
import { violationsOf } from '../testing/broken-rules.js';
import { HistoryBuilder } from '../testing/history-builder.js';

let h: HistoryBuilder;

/** Writes balances of accounts, from the first on, in one transaction. */
function balances(amounts: readonly (number | undefined)[], answer: 'acknowledged' | 'unknown' = 'acknowledged') {
  return h.transact(
    (id) =>
      amounts.flatMap((amount, i) =>
        amount === undefined ? [] : [h.putOf(id, ACCOUNTS[i] as string, { content: String(amount) })],
      ),
    { answer, isApplied: answer === 'acknowledged' },
  );
}

function faults(): readonly string[] {
  return violationsOf(h).filter((violation) => violation.startsWith('bank'));
}

beforeEach(() => {
  h = new HistoryBuilder();
});

describe('the bank', () => {
  it('is whole when money only moves, also by transfers of unknown outcome, and in the past', () => {
    h.snapshot();
    balances([100, 100, 100]);
    const transfer = balances([90, 110], 'unknown');
    h.snapshot();
    h.land(transfer);
    h.snapshot();
    balances([undefined, 120, 90]);
    h.snapshot({ at: 2 });
    h.snapshot({ at: 0 });
    h.snapshot({ range: { start: 'a/1', end: undefined } });
    expect(violationsOf(h)).toEqual([]);
  });

  it('may have debts', () => {
    balances([-50, 250, 100]);
    balances([310, -10, 0]);
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it('is broken when a snapshot sees one half of a transfer', () => {
    balances([100, 100, 100]);
    balances([90, 110]);
    const snapshot = h.snapshot();
    if (snapshot.answer.kind !== 'snapshot') throw new Error('a snapshot is answered by one');
    const [old] = h.database.entriesAt(1, 0);
    snapshot.answer = { ...snapshot.answer, entries: [old!, ...snapshot.answer.entries.slice(1)] };
    h.commits = undefined;
    expect(faults()).toEqual(['bank: c2 of 1.2: the accounts hold 100 + 110 + 100 = 310, not 300']);
  });

  it('is broken when one half of a transfer was committed', () => {
    balances([100, 100, 100]);
    balances([undefined, undefined, 110]);
    expect(faults()).toEqual(['bank: the state of 1.2: the accounts hold 100 + 100 + 110 = 310, not 300']);
  });

  it('is broken when an account is gone', () => {
    balances([100, 100, 100]);
    h.transact(() => [{ op: 'deleteRange', range: { start: 'a/2', end: undefined } }]);
    expect(faults()).toEqual(['bank: the state of 1.2: a/2 not there']);
  });

  it('is broken when all are gone for somebody', () => {
    balances([100, 100, 100]);
    h.snapshot({}, 0).answer = { kind: 'snapshot', version: h.versionOf(1), entries: [] };
    expect(faults()).toEqual(['bank: c1 of 1.1: a/0, a/1, a/2 not there']);
  });

  it('is broken when an account holds something else', () => {
    balances([100, 100, 100]);
    h.put('a/1', { content: 'gold' });
    expect(faults()).toEqual(['bank: the state of 1.2: a/1 holds no money']);
  });
});
