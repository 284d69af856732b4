import { gunzipSync, gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import { CorruptBytesError, type DatabaseId, type SessionId } from '@leasehold/foundation';
import fc from 'fast-check';

import type { UsageRecord } from './usage-record.js';
import { LaterFormatError, MAX_TIME_MS } from './record-lines.js';
import { decodeUsageRecord, encodeUsageRecord } from './usage-record-format.js';

const SESSION = '01jd000000000000000000000a' as SessionId;
const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const less = fc.integer({ min: 0, max: 2 ** 40 });
const time = fc.integer({ min: 0, max: MAX_TIME_MS });
const hour = fc.integer({ min: 0, max: Math.floor(MAX_TIME_MS / 3_600_000) });

const write = fc
  .record({ hour, commits: less, units: less, moreCommits: fc.integer({ min: 1, max: 1_000 }), moreUnits: less })
  .map(({ hour, commits, units, moreCommits, moreUnits }) => ({
    hour,
    from: { commits, writeUnits: units },
    to: { commits: commits + moreCommits, writeUnits: units + moreUnits },
  }));
const read = fc.record({
  hour,
  key: fc.option(fc.stringMatching(/^[0-9a-z]{1,64}$/)),
  requests: whole,
  readUnits: whole,
  egressBytes: whole,
});
const database = fc.record({
  database: fc.uuid().map((id) => id as DatabaseId),
  writes: fc.array(write, { maxLength: 3 }),
  reads: fc.array(read, { maxLength: 3 }),
  sizes: fc.array(fc.record({ at: time, bytes: whole }), { maxLength: 3 }),
});
const record = fc.record({
  session: fc.constant(SESSION),
  number: fc.integer({ min: 1, max: 2 ** 40 }),
  from: fc.constant(1),
  to: less.map((ms) => ms + 1),
  databases: fc
    .uniqueArray(database, { selector: (usage) => usage.database, maxLength: 5 })
    .map((all) => all.sort((a, b) => (a.database < b.database ? -1 : 1))),
});

const SOME: UsageRecord = {
  session: SESSION,
  number: 7,
  from: 1_000,
  to: 61_000,
  databases: [
    {
      database: '6b8f4c1e-0000-4000-8000-000000000001' as DatabaseId,
      writes: [{ hour: 482_000, from: { commits: 3, writeUnits: 5 }, to: { commits: 4, writeUnits: 6 } }],
      reads: [{ hour: 482_000, key: '01jd000000000000000000000k', requests: 2, readUnits: 3, egressBytes: 9_000 }],
      sizes: [{ at: 60_000, bytes: 12_345 }],
    },
    { database: '6b8f4c1e-0000-4000-8000-000000000002' as DatabaseId, writes: [], reads: [], sizes: [] },
  ],
};
const LINES = [
  '{"format":1,"session":"01jd000000000000000000000a","number":7,"from":1000,"to":61000,"databases":2}',
  '{"database":"6b8f4c1e-0000-4000-8000-000000000001","writes":[[482000,[3,5],[4,6]]],"reads":[[482000,"01jd000000000000000000000k",2,3,9000]],"sizes":[[60000,12345]]}',
  '{"database":"6b8f4c1e-0000-4000-8000-000000000002","writes":[],"reads":[],"sizes":[]}',
];

describe('a usage record', () => {
  it('comes back as it was', () => {
    fc.assert(fc.property(record, (usage) => expect(decodeUsageRecord(encodeUsageRecord(usage))).toEqual(usage)));
  });

  it('is written as these lines, and stays readable', () => {
    const text = `${LINES.join('\n')}\n`;
    expect(gunzipSync(encodeUsageRecord(SOME)).toString()).toBe(text);
    expect(decodeUsageRecord(gzipSync(text))).toEqual(SOME);
  });

  it.each([
    ['a format that never was', LINES.join('\n').replace('"format":1', '"format":0')],
    ['a number below one', LINES.join('\n').replace('"number":7', '"number":0')],
    ['a time that goes back', LINES.join('\n').replace('"from":1000', '"from":61001')],
    ['a session that is none', LINES.join('\n').replace('000a', '000!')],
    ['fewer databases than it says', LINES.slice(0, 2).join('\n')],
    ['databases out of order', [LINES[0], LINES[2], LINES[1]].join('\n')],
    ['a database twice', [LINES[0], LINES[1], LINES[1]].join('\n')],
    ['an empty interval', LINES.join('\n').replace('[4,6]', '[3,6]')],
    ['an interval whose units go back', LINES.join('\n').replace('[4,6]', '[4,4]')],
    ['a broken number', LINES.join('\n').replace('9000', '9000.5')],
    ['a negative number', LINES.join('\n').replace('12345', '-1')],
    ['a number past 53 bits', LINES.join('\n').replace('12345', '9007199254740993')],
    ['a key that is a number', LINES.join('\n').replace('"01jd000000000000000000000k"', '5')],
    ['a key that no table of keys can hold', LINES.join('\n').replace('"01jd', '"\\u0000')],
    ['a time past the year 9999', LINES.join('\n').replace('"to":61000', '"to":253402300800000')],
    ['a size past the year 9999', LINES.join('\n').replace('[60000,', '[253402300800000,')],
    ['writes past the year 9999', LINES.join('\n').replace('"writes":[[482000', '"writes":[[70389528')],
    ['reads past the year 9999', LINES.join('\n').replace('"reads":[[482000', '"reads":[[70389528')],
    ['a list that is longer', LINES.join('\n').replace('[3,5]', '[3,5,1]')],
    ['a line that is no object', [LINES[0], LINES[1], '[]'].join('\n')],
    ['a line that is no JSON', [LINES[0], LINES[1], '{'].join('\n')],
  ])('with %s is refused as damaged', (_, text) => {
    expect(() => decodeUsageRecord(gzipSync(`${text}\n`))).toThrow(CorruptBytesError);
  });

  it('of a later format is told as such, whatever else it says', () => {
    for (const text of [LINES.join('\n').replace('"format":1', '"format":2'), '{"format":3}\n{"more":1}']) {
      expect(() => decodeUsageRecord(gzipSync(`${text}\n`))).toThrow(LaterFormatError);
    }
  });

  it('that was cut off, or is none, is refused as damaged', () => {
    const bytes = encodeUsageRecord(SOME);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeUsageRecord(bytes.subarray(0, length))).toThrow(CorruptBytesError);
    }
    expect(() => decodeUsageRecord(gzipSync(LINES.join('\n')))).toThrow(CorruptBytesError);
    expect(() => decodeUsageRecord(gzipSync(Buffer.of(0xff, 0x0a)))).toThrow(CorruptBytesError);
  });
});
