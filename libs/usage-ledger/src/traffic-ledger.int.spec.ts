import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import { MAX_TIME_MS, MINUTE_MS, minuteOf, type DatabaseMinute, type TrafficRecord } from '@leasehold/metering';

import { TrafficLedger } from './traffic-ledger.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const DAY = 24 * 60;

describe('the traffic ledger', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let ledger: TrafficLedger;
  let sessions = 0;
  /** The first minute of a past hour. */
  let hour: number;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    ledger = new TrafficLedger(test.databaseUrl);
    const now = minuteOf(Date.now());
    hour = now - (now % 60) - 120;
  });
  afterAll(async () => {
    await ledger.close();
    await test.close();
  });

  const newDatabase = () => randomUUID() as DatabaseId;
  const minuteAt = (database: DatabaseId, minute: number, requests: number): DatabaseMinute => ({
    ...{ database, minute, requests, errors: 1, coldStarts: 1, coldPhases: { open: 1_000 * requests } },
    latency: new Map([
      [40, requests - 1],
      [70, 1],
    ]),
  });
  const recordOf = (minutes: readonly DatabaseMinute[], at = hour): TrafficRecord => ({
    session: `01jd${String(++sessions).padStart(22, '0')}` as SessionId,
    ...{ number: 1, from: at * MINUTE_MS, to: (at + 1) * MINUTE_MS, minutes, others: 0 },
  });
  const rowsOf = async (databaseId: DatabaseId) => {
    const rows = await metadata.prisma.traffic.findMany({
      where: { databaseId },
      orderBy: [{ span: 'asc' }, { minute: 'asc' }],
    });
    return rows.map(({ span, minute, requests, errors, coldStarts, coldPhases, latency }) => [
      ...[span, minute - hour, Number(requests), Number(errors), Number(coldStarts)],
      ...[coldPhases, latency],
    ]);
  };

  it('adds up by minute and by hour, whatever gateway saw it, and whoever takes it at once', async () => {
    const [a, b] = [newDatabase(), newDatabase()];
    const records = [
      recordOf([minuteAt(a, hour, 5), minuteAt(b, hour, 1), minuteAt(a, hour + 1, 2)]),
      recordOf([minuteAt(a, hour, 3)]),
      recordOf([minuteAt(a, hour + 59, 1), minuteAt(a, hour + 60, 1)]),
    ];
    // Each from two takers: one asks over one connection, one statement after another.
    const another = new TrafficLedger(test.databaseUrl);
    try {
      const taken = await Promise.all(records.flatMap((record) => [ledger.take(record), another.take(record)]));
      expect(taken.filter(({ isNew }) => isNew)).toHaveLength(3);
    } finally {
      await another.close();
    }
    expect(await rowsOf(a)).toEqual([
      [
        1,
        0,
        8,
        2,
        2,
        { open: 8_000 },
        [
          [40, 6],
          [70, 2],
        ],
      ],
      [
        1,
        1,
        2,
        1,
        1,
        { open: 2_000 },
        [
          [40, 1],
          [70, 1],
        ],
      ],
      [
        1,
        59,
        1,
        1,
        1,
        { open: 1_000 },
        [
          [40, 0],
          [70, 1],
        ],
      ],
      [
        1,
        60,
        1,
        1,
        1,
        { open: 1_000 },
        [
          [40, 0],
          [70, 1],
        ],
      ],
      [
        60,
        0,
        11,
        4,
        4,
        { open: 11_000 },
        [
          [40, 7],
          [70, 4],
        ],
      ],
      [
        60,
        60,
        1,
        1,
        1,
        { open: 1_000 },
        [
          [40, 0],
          [70, 1],
        ],
      ],
    ]);
    expect((await rowsOf(b)).map(([span, , requests]) => [span, requests])).toEqual([
      [1, 1],
      [60, 1],
    ]);
  });

  it('counts nothing of what comes later than records stay', async () => {
    const a = newDatabase();
    const old = hour - 7 * DAY - 120;
    expect(await ledger.take(recordOf([minuteAt(a, old, 5), minuteAt(a, hour, 1)]))).toMatchObject({ isNew: true });
    expect((await rowsOf(a)).map(([, minute]) => minute)).toEqual([0, 0]);
  });

  it('takes a record of a clock that is far ahead, and counts nothing of what is to come', async () => {
    const a = newDatabase();
    const minutes = [minuteAt(a, hour, 1), minuteAt(a, hour + 3 * DAY, 5), minuteAt(a, minuteOf(MAX_TIME_MS), 5)];
    expect(await ledger.take(recordOf(minutes))).toMatchObject({ isNew: true });
    expect((await rowsOf(a)).map(([, minute]) => minute)).toEqual([0, 0]);
  });

  it('lets go of minutes and hours that are too old', async () => {
    const a = newDatabase();
    const ages = [1, 4, 99, 101];
    for (const days of ages) {
      for (const span of [1, 60]) {
        const row = { databaseId: a, span, minute: hour - days * DAY, requests: 1, errors: 0, coldStarts: 0 };
        await metadata.prisma.traffic.create({ data: { ...row, coldPhases: {}, latency: [] } });
      }
    }
    await ledger.forgetRows();
    expect((await rowsOf(a)).map(([span, minute]) => [span, -Number(minute) / DAY])).toEqual([
      [1, 1],
      [60, 99],
      [60, 4],
      [60, 1],
    ]);
  });

  it('tells which records may go, and forgets them', async () => {
    const old = recordOf([], hour - 8 * DAY);
    await ledger.take(old);
    await ledger.take(recordOf([], hour));
    const found = await ledger.oldRecords(10);
    expect(found).toEqual([{ session: old.session, number: 1 }]);
    await ledger.forgetRecords(found);
    expect(await ledger.oldRecords(10)).toEqual([]);
    expect(await ledger.lastNumber(old.session)).toBe(0);
  });

  it('knows how far it was taken, apart from usage', async () => {
    expect(await ledger.completeTo()).toBeUndefined();
    await ledger.passed(5_000);
    expect(await ledger.completeTo()).toBe(5_000);
    expect(await metadata.usageReport.completeTo()).toBeUndefined();
  });
});
