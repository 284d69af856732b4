import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Attempt, Condition } from './attempt.js';
import { DatabaseRecord } from './database-record.js';
import { Findings } from './finding.js';
import { encodeValue } from './stored-value.js';

const MINUTE_MS = 60_000;
const version = (sequence: number, epoch = 1) => ({ epoch, sequence });

describe('what clients know of a database', () => {
  let findings: Findings;
  let record: DatabaseRecord;
  let writes: number;
  beforeEach(() => {
    findings = new Findings();
    record = new DatabaseRecord('d', findings);
    writes = 0;
  });

  const found = () => findings.examples.map(({ kind }) => kind);
  const put = (key: string, condition: Condition = { kind: 'none' }, sentMs = 0) =>
    record.beginWrite({ write: ++writes, key, effect: 'put', count: 0 }, condition, sentMs);
  const remove = (key: string, sentMs = 0) =>
    record.beginWrite({ write: ++writes, key, effect: 'delete', count: 0 }, { kind: 'none' }, sentMs);
  const valueOf = ({ write, key, count }: Attempt) => encodeValue({ database: 'd', key, write, count }, 100);
  const shows = (attempt: Attempt, sequence: number, epoch = 1) => ({
    version: version(sequence, epoch),
    bytes: valueOf(attempt),
  });
  const acknowledged = (key: string, sequence: number, epoch = 1) => {
    const attempt = put(key);
    record.acknowledge(attempt, version(sequence, epoch));
    return attempt;
  };

  describe('a read', () => {
    it('may show what was acknowledged before it, or anything newer that was sent', () => {
      const first = acknowledged('k', 1);
      record.endRead(record.beginRead('k', 0), shows(first, 1));
      const read = record.beginRead('k', 0);
      const second = put('k');
      record.endRead(read, shows(second, 2));
      record.acknowledge(second, version(2));
      expect(found()).toEqual([]);
    });

    it('may show an older value when the newer one was acknowledged after it had begun', () => {
      const first = acknowledged('k', 1);
      const read = record.beginRead('k', 0);
      acknowledged('k', 2);
      record.endRead(read, shows(first, 1));
      expect(found()).toEqual([]);
    });

    it('is stale when it shows an older value than was acknowledged before it', () => {
      const first = acknowledged('k', 1);
      acknowledged('k', 2);
      record.endRead(record.beginRead('k', 0), shows(first, 1));
      expect(found()).toEqual(['stale']);
    });

    it('is stale when it shows an older value than another read before it', () => {
      const first = acknowledged('k', 1);
      const second = put('k');
      record.lose(second, 0);
      record.endRead(record.beginRead('k', 0), shows(second, 2));
      record.endRead(record.beginRead('k', 0), shows(first, 1));
      expect(found()).toEqual(['stale']);
    });

    it('is stale when a value that was acknowledged is absent', () => {
      acknowledged('k', 1);
      record.endRead(record.beginRead('k', 0), 'absent');
      expect(found()).toEqual(['stale']);
    });

    it('tells of a loss at the end of a run', () => {
      acknowledged('k', 1);
      record.endRead(record.beginRead('k', 0), 'absent', 'lost');
      const older = acknowledged('l', 2);
      acknowledged('l', 3);
      record.endRead(record.beginRead('l', 0), shows(older, 2), 'lost');
      expect(found()).toEqual(['lost', 'lost']);
    });

    it('may show an absence after a delete that was acknowledged, is under way, or has no known outcome', () => {
      acknowledged('a', 1);
      record.acknowledge(remove('a'), version(2));
      record.endRead(record.beginRead('a', 0), 'absent');
      acknowledged('b', 3);
      remove('b');
      record.endRead(record.beginRead('b', 0), 'absent');
      acknowledged('c', 4);
      record.lose(remove('c'), 0);
      record.endRead(record.beginRead('c', 0), 'absent');
      expect(found()).toEqual([]);
    });

    it('is stale when a key that was seen gone is there again as it was', () => {
      const first = acknowledged('k', 1);
      record.lose(remove('k'), 0);
      record.endRead(record.beginRead('k', 0), 'absent');
      record.endRead(record.beginRead('k', 0), shows(first, 1));
      expect(found()).toEqual(['stale']);
    });

    it('is stale when it shows an absence for which no delete was sent after the value', () => {
      record.acknowledge(remove('k'), version(1));
      acknowledged('k', 2);
      record.endRead(record.beginRead('k', 0), 'absent');
      expect(found()).toEqual(['stale']);
    });

    it('finds foreign bytes, damaged bytes, and bytes that nobody sent', () => {
      const other = encodeValue({ database: 'e', key: 'k', write: 1, count: 0 }, 100);
      record.endRead(record.beginRead('k', 0), { version: version(1), bytes: other });
      const damaged = encodeValue({ database: 'd', key: 'k', write: 1, count: 0 }, 100);
      damaged[90]! ^= 1;
      record.endRead(record.beginRead('k', 0), { version: version(1), bytes: damaged });
      const unsent = encodeValue({ database: 'd', key: 'k', write: 77, count: 0 }, 100);
      record.endRead(record.beginRead('k', 0), { version: version(1), bytes: unsent });
      expect(found()).toEqual(['foreign', 'damaged', 'phantom']);
    });

    it('finds a write that was refused and yet applied', () => {
      const refused = put('k');
      record.reject(refused, 'overloaded');
      record.endRead(record.beginRead('k', 0), shows(refused, 1));
      const doubtful = put('l');
      record.endRead(record.beginRead('l', 0), shows(doubtful, 2));
      record.reject(doubtful, 'overloaded');
      expect(found()).toEqual(['phantom', 'phantom']);
    });
  });

  describe('a write of unknown outcome', () => {
    it('may be there or not', () => {
      const unknown = put('k');
      record.lose(unknown, 0);
      record.endRead(record.beginRead('k', 0), 'absent');
      record.endRead(record.beginRead('k', 0), shows(unknown, 1));
      expect(found()).toEqual([]);
      expect(record.unclear).toBe(1);
    });

    it('no longer excuses anything once a later write was acknowledged long after it', () => {
      acknowledged('k', 1);
      record.lose(remove('k'), 0);
      record.acknowledge(put('k', { kind: 'none' }, 2 * MINUTE_MS), version(2));
      record.endRead(record.beginRead('k', 3 * MINUTE_MS), 'absent');
      expect(found()).toEqual(['stale']);
    });

    it('is none that nobody sent when a slow read shows it below what others have seen meanwhile', () => {
      const unknown = put('k');
      record.lose(unknown, 0);
      const slow = record.beginRead('k', 2 * MINUTE_MS);
      record.acknowledge(put('k', { kind: 'none' }, 2 * MINUTE_MS), version(5));
      record.endRead(slow, shows(unknown, 4));
      expect(found()).toEqual([]);
      record.endRead(record.beginRead('k', 2 * MINUTE_MS), shows(unknown, 6));
      expect(found()).toEqual(['phantom']);
    });

    it('excuses a slow read that shows what a delete did before others saw the next value', () => {
      acknowledged('k', 1);
      record.lose(remove('k'), 0);
      const slow = record.beginRead('k', 2 * MINUTE_MS);
      record.acknowledge(put('k', { kind: 'none' }, 2 * MINUTE_MS), version(3));
      record.endRead(slow, 'absent');
      expect(found()).toEqual([]);
    });
  });

  describe('a version', () => {
    it('belongs to one write', () => {
      acknowledged('k', 1);
      acknowledged('l', 1);
      expect(found()).toContain('doubled');
    });

    it('belongs to one write, also when only a read has shown it', () => {
      const unknown = put('k');
      record.lose(unknown, 0);
      record.endRead(record.beginRead('k', 0), shows(unknown, 1));
      acknowledged('l', 1);
      expect(found()).toContain('doubled');
    });

    it('may be read before it is acknowledged', () => {
      const attempt = put('k');
      record.endRead(record.beginRead('k', 0), shows(attempt, 1));
      record.acknowledge(attempt, version(1));
      expect(found()).toEqual([]);
    });

    it('of a later write is higher', () => {
      acknowledged('k', 5);
      acknowledged('l', 4);
      expect(found()).toContain('disorder');
    });

    it('of a later epoch is higher than all of the one before', () => {
      const [early, late] = [put('k'), put('k')];
      record.acknowledge(late, version(2, 2));
      record.acknowledge(early, version(3, 1));
      expect(found()).toContain('doubled');
    });

    it('stands for one value: a write that is there under two was applied twice', () => {
      const attempt = acknowledged('k', 1);
      record.endRead(record.beginRead('k', 0), shows(attempt, 2));
      expect(found()).toContain('doubled');
    });
  });

  describe('a condition', () => {
    it('on a version lets no other write come between', () => {
      acknowledged('k', 1);
      const [swap, other] = [put('k', { kind: 'match', sequence: 1 }), put('k')];
      record.acknowledge(swap, version(3));
      record.acknowledge(other, version(2));
      expect(found()).toEqual(['doubled']);
    });

    it('on a version is met by one of two writers', () => {
      acknowledged('k', 1);
      const swaps = [put('k', { kind: 'match', sequence: 1 }), put('k', { kind: 'match', sequence: 1 })];
      record.acknowledge(swaps[0]!, version(2));
      record.acknowledge(swaps[1]!, version(3));
      expect(found()).toEqual(['doubled']);
    });

    it('on absence is met by one of two writers, and again after a delete', () => {
      const [first, second] = [put('k', { kind: 'absent' }), put('k', { kind: 'absent' })];
      record.acknowledge(first, version(1));
      record.acknowledge(remove('k'), version(2));
      record.acknowledge(second, version(3));
      expect(found()).toEqual([]);
      record.acknowledge(put('k', { kind: 'absent' }), version(4));
      expect(found()).toEqual(['doubled']);
    });

    it('on absence may be met where a delete of unknown outcome came before', () => {
      acknowledged('k', 1);
      record.lose(remove('k'), 0);
      record.acknowledge(put('k', { kind: 'absent' }), version(3));
      expect(found()).toEqual([]);
    });

    it('that failed may name nothing older than what was acknowledged before', () => {
      acknowledged('k', 1);
      acknowledged('k', 2);
      record.refuse(put('k', { kind: 'absent' }), version(1));
      record.refuse(put('k', { kind: 'match', sequence: 1 }), undefined);
      expect(found()).toEqual(['stale', 'stale']);
    });

    it('that holds may not be refused', () => {
      acknowledged('k', 1);
      record.refuse(put('k', { kind: 'match', sequence: 1 }), version(1));
      record.refuse(put('l', { kind: 'absent' }), undefined);
      expect(found()).toEqual(['disorder', 'disorder']);
    });

    it('that failed as it should is no finding', () => {
      acknowledged('k', 1);
      acknowledged('k', 2);
      record.refuse(put('k', { kind: 'match', sequence: 1 }), version(2));
      record.refuse(put('k', { kind: 'absent' }), version(2));
      expect(found()).toEqual([]);
    });
  });

  describe('a sum', () => {
    const shown = (number: bigint, sequence: number) => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, number, true);
      return { version: version(sequence), bytes };
    };

    it('takes a version of its own, later than what was known when it was sent, and counts as a commit', () => {
      acknowledged('k', 1);
      record.acknowledgeSum(record.beginSum(++writes), version(2));
      record.loseSum(record.beginSum(++writes));
      expect(found()).toEqual([]);
      expect([record.acknowledged, record.unclear]).toEqual([2, 1]);
      record.acknowledgeSum(record.beginSum(++writes), version(2));
      expect(found()).toEqual(['disorder', 'doubled']);
    });

    it('is in what is read later, once', () => {
      const [first, second] = [record.beginSum(++writes), record.beginSum(++writes)];
      record.acknowledgeSum(first, version(1));
      record.loseSum(second);
      record.endTallyRead(record.tallies.beginRead(first.key), shown(0x11n, 2));
      expect(found()).toEqual([]);
      record.endTallyRead(record.tallies.beginRead(first.key), shown(0x21n, 3));
      record.endTallyRead(record.tallies.beginRead(first.key), 'absent');
      expect(found()).toEqual(['doubled', 'stale', 'stale']);
    });

    it('is told by bytes that are a number', () => {
      const { key } = record.beginSum(++writes);
      record.endTallyRead(record.tallies.beginRead(key), { version: version(1), bytes: new Uint8Array(9) });
      expect(found()).toEqual(['damaged']);
    });

    it('has a tally with room for it', () => {
      const keys = Array.from({ length: 20 }, () => record.beginSum(++writes).key);
      expect(new Set(keys)).toEqual(new Set(['t/0', 't/1']));
      expect(record.tallies.keys).toEqual(['t/0', 't/1']);
    });
  });

  describe('a write that was done and is sent again under its idempotency key', () => {
    it('is answered with the same version, as done before', () => {
      record.repeat('k', version(3), { version: version(3), isReplayed: true });
      expect(found()).toEqual([]);
    });

    it.each([
      ['another version', { version: version(4), isReplayed: true }, 'doubled'],
      ['another epoch', { version: version(3, 2), isReplayed: true }, 'doubled'],
      ['as done now', { version: version(3), isReplayed: false }, 'doubled'],
      ['refused', undefined, 'disorder'],
    ] as const)('is not %s', (_, again, kind) => {
      record.repeat('k', version(3), again);
      expect(found()).toEqual([kind]);
    });
  });

  it('counts commits', () => {
    acknowledged('k', 1);
    record.lose(put('k'), 0);
    record.reject(put('k'), 'overloaded');
    expect([record.acknowledged, record.unclear]).toEqual([1, 1]);
  });

  it('keeps few findings whole and counts all', () => {
    acknowledged('k', 1);
    for (let n = 0; n < 200; n++) record.endRead(record.beginRead('k', 0), 'absent');
    expect(findings.count('stale')).toBe(200);
    expect(findings.examples.length).toBeLessThan(100);
  });
});
