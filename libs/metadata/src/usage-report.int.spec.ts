import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import { UsageLedger } from '@leasehold/usage-ledger';
import { storedByteMs, type DatabaseUsage, type SizeMark } from '@leasehold/metering';

import type { Metadata } from './metadata.js';
import type { UsageQuestion } from './usage-question.js';
import { UsageReport } from './usage-report.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
/** The last hours of a month, long past. */
const START = Date.UTC(2026, 0, 31, 22);
const hour = (n: number) => START / HOUR_MS + n;
const at = (n: number) => new Date(START + n * HOUR_MS);
const KEY = '01jd000000000000000000000k';

describe('the usage report', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let ledger: UsageLedger;
  let sessions = 0;
  let mine: string;
  let a: DatabaseId;
  let b: DatabaseId;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    ledger = new UsageLedger(test.databaseUrl);
  });
  afterAll(async () => {
    await ledger.close();
    await test.close();
  });
  beforeEach(async () => {
    mine = await test.newOrganization();
    const made = [await metadata.databases.create(mine, 'a'), await metadata.databases.create(mine, 'b')];
    [a, b] = made.map(({ id }) => id as DatabaseId).sort() as [DatabaseId, DatabaseId];
  });

  async function take(database: DatabaseId, usage: Partial<DatabaseUsage>): Promise<void> {
    const session = `01jd${String(++sessions).padStart(22, '0')}` as SessionId;
    const databases = [{ database, writes: [], reads: [], sizes: [], ...usage }];
    await ledger.take({ session, number: 1, from: START, to: START + HOUR_MS, databases });
  }

  const write = (n: number, from: number, to: number) => ({
    hour: hour(n),
    from: { commits: from, writeUnits: 2 * from },
    to: { commits: to, writeUnits: 2 * to },
  });
  const read = (n: number, key: string | null, readUnits: number) => ({
    hour: hour(n),
    key,
    requests: 1,
    readUnits,
    egressBytes: 10 * readUnits,
  });
  const ask = (more: Partial<UsageQuestion> = {}, organizationId = mine) =>
    metadata.usageReport.rows(organizationId, {
      from: at(0),
      to: at(48),
      step: 'hour',
      group: undefined,
      databaseId: undefined,
      after: undefined,
      limit: 1_000,
      ...more,
    });
  const shown = async (more: Partial<UsageQuestion> = {}) =>
    (await ask(more)).map(({ from, place, ...row }) => [
      (from.getTime() - START) / HOUR_MS,
      place === a ? 'a' : place === b ? 'b' : place,
      ...[row.writeUnits, row.requests, row.readUnits, row.egressBytes, row.freeReadUnits].map(Number),
    ]);

  it('adds up by hours, days and months of UTC', async () => {
    await take(a, { writes: [write(0, 0, 5), write(2, 5, 6)], reads: [read(1, KEY, 3), read(26, KEY, 4)] });
    await take(b, { writes: [write(0, 0, 1)], reads: [read(1, 'other', 1)] });
    expect(await shown()).toEqual([
      [0, '', 12, 0, 0, 0, 0],
      [1, '', 0, 2, 4, 40, 0],
      [2, '', 2, 0, 0, 0, 0],
      [26, '', 0, 1, 4, 40, 0],
    ]);
    expect(await shown({ step: 'day' })).toEqual([
      [-22, '', 12, 2, 4, 40, 0],
      [2, '', 2, 0, 0, 0, 0],
      [26, '', 0, 1, 4, 40, 0],
    ]);
    expect((await shown({ step: 'month' })).map(([, , writeUnits]) => writeUnits)).toEqual([12, 2]);
  });

  it('tells databases and keys apart, and what is free from what is not', async () => {
    await take(a, { writes: [write(0, 0, 5)], reads: [read(0, KEY, 3), read(0, null, 7)] });
    await take(b, { reads: [read(0, KEY, 1)] });
    expect(await shown({ group: 'database' })).toEqual([
      [0, 'a', 10, 1, 3, 30, 7],
      [0, 'b', 0, 1, 1, 10, 0],
    ]);
    expect(await shown({ group: 'key' })).toEqual([
      [0, '', 10, 0, 0, 0, 7],
      [0, KEY, 0, 2, 4, 40, 0],
    ]);
    expect(await shown({ databaseId: b })).toEqual([[0, '', 0, 1, 1, 10, 0]]);
  });

  it('has only the hours that are asked for', async () => {
    await take(a, { writes: [write(0, 0, 1), write(1, 1, 2), write(2, 2, 3)] });
    expect(await shown({ from: at(1), to: at(2) })).toEqual([[1, '', 2, 0, 0, 0, 0]]);
  });

  it('goes on behind a row, page by page', async () => {
    for (const n of [0, 1, 2]) {
      await take(a, { reads: [read(n, KEY, 1)] });
      await take(b, { reads: [read(n, KEY, 1)] });
    }
    const all = await ask({ group: 'database' });
    expect(all).toHaveLength(6);
    const paged: unknown[] = [];
    for (let after: UsageQuestion['after']; paged.length < 6;) {
      const page = await ask({ group: 'database', after, limit: 2 });
      paged.push(...page);
      after = page.at(-1);
    }
    expect(paged).toEqual(all);
  });

  it('says the same however small the pieces are in which it looks, and goes on where it has looked enough', async () => {
    const ids = [a, b];
    for (let n = 0; n < 5; n++) ids.push((await metadata.databases.create(mine, `more-${n}`)).id as DatabaseId);
    for (const [i, id] of ids.entries()) {
      await take(id, { writes: [write(i, 0, 2)], reads: [read(30, KEY, 1)], sizes: [{ at: START, bytes: i }] });
    }
    for (const group of [undefined, 'database', 'key'] as const) {
      for (const step of ['hour', 'day', 'month'] as const) {
        const question = { from: at(0), to: at(48), step, group, databaseId: undefined };
        const all = await ask({ step, group });
        for (const pieces of [1, 5, 24, 100]) {
          const report = new UsageReport(metadata.prisma, pieces);
          expect(await report.rows(mine, { ...question, after: undefined, limit: 1_000 })).toEqual(all);
          const paged: unknown[] = [];
          let next: UsageQuestion['after'];
          do {
            const page = await report.page(mine, { ...question, after: next, limit: 40 });
            expect(page.rows.length).toBeLessThanOrEqual(40);
            paged.push(...page.rows);
            next = page.next;
          } while (next !== undefined);
          expect(paged).toEqual(all);
        }
      }
    }
  });

  it('tells the values of a label apart, and what has none', async () => {
    await metadata.prisma.database.update({ where: { id: a }, data: { labels: { tier: 'gold', empty: '' } } });
    await take(a, { writes: [write(0, 0, 5)], sizes: [{ at: START, bytes: 1 }] });
    await take(b, { reads: [read(0, KEY, 1)] });
    const third = (await metadata.databases.create(mine, 'c')).id as DatabaseId;
    await metadata.prisma.database.update({ where: { id: third }, data: { labels: { tier: 'gold' } } });
    await take(third, { writes: [write(0, 0, 1)] });
    const byLabel = async (label: string) =>
      (await ask({ group: { label }, step: 'month', to: at(1) })).map((row) => [
        row.group,
        ...[row.writeUnits, row.readUnits, row.storedByteMs].map(Number),
      ]);
    expect(await byLabel('tier')).toEqual([
      [null, 0, 1, 0],
      ['gold', 12, 0, HOUR_MS],
    ]);
    expect(await byLabel('empty')).toEqual([
      [null, 2, 1, 0],
      ['', 10, 0, HOUR_MS],
    ]);
    expect(await byLabel('missing')).toHaveLength(1);
  });

  it('leaves out rows without the meter that is asked for', async () => {
    await take(a, { writes: [write(0, 0, 1)], reads: [read(1, KEY, 1), read(2, null, 1)] });
    const hours = async (meter: UsageQuestion['meter']) => (await shown({ meter })).map(([n]) => n);
    expect(await hours('writeUnits')).toEqual([0]);
    expect(await hours('readUnits')).toEqual([1]);
    expect(await hours('egressBytes')).toEqual([1]);
    expect(await hours('freeReadUnits')).toEqual([2]);
    expect(await hours('storedByteMs')).toEqual([]);
  });

  it('counts what is stored as the marks say it, in each step', async () => {
    const marks: readonly SizeMark[] = [
      { at: START + 0.25 * HOUR_MS, bytes: 1_000 },
      { at: START + 2.5 * HOUR_MS, bytes: 10 * 1024 ** 4 },
      { at: START + 30 * HOUR_MS, bytes: 0 },
    ];
    await take(a, { sizes: [...marks].reverse() });
    await take(b, { sizes: [{ at: START - 1_000 * HOUR_MS, bytes: 7 }] });
    const rows = await ask({ group: 'database', databaseId: a });
    for (const { from, storedByteMs: counted } of rows) {
      const begins = from.getTime();
      expect([from, counted]).toEqual([from, storedByteMs(marks, begins, begins + HOUR_MS)]);
    }
    expect(rows).toHaveLength(30);
    const months = await ask({ step: 'month' });
    const idle = [{ at: 0, bytes: 7 }];
    const middle = Date.UTC(2026, 1);
    const spans = [
      [START, middle],
      [middle, START + 48 * HOUR_MS],
    ] as const;
    expect(months.map((row) => row.storedByteMs)).toEqual(
      spans.map(([from, to]) => storedByteMs(marks, from, to) + storedByteMs(idle, from, to)),
    );
  });

  it('counts a deleted database until it was deleted', async () => {
    await take(a, { sizes: [{ at: START, bytes: 100 }], writes: [write(0, 0, 1)] });
    await metadata.prisma.database.update({ where: { id: a }, data: { deletedAt: at(1.5) } });
    const rows = await ask();
    expect(rows.map((row) => [Number(row.writeUnits), row.storedByteMs])).toEqual([
      [2, 100n * BigInt(HOUR_MS)],
      [0, 50n * BigInt(HOUR_MS)],
    ]);
  });

  it('counts a database that is purged, as before', async () => {
    await take(a, { sizes: [{ at: START, bytes: 100 }], writes: [write(0, 0, 1)] });
    await metadata.prisma.database.update({ where: { id: a }, data: { deletedAt: at(1) } });
    const before = await ask({ group: 'database' });
    await metadata.prisma.database.delete({ where: { id: a } });
    expect(before).toHaveLength(1);
    expect(await ask({ group: 'database' })).toEqual(before);
  });

  it('shows nothing of another organization', async () => {
    await take(a, { writes: [write(0, 0, 1)], reads: [read(0, KEY, 1)], sizes: [{ at: START, bytes: 1 }] });
    const theirs = await test.newOrganization();
    for (const group of [undefined, 'database', 'key'] as const) {
      expect(await ask({ group }, theirs)).toEqual([]);
      expect(await ask({ group, databaseId: a }, theirs)).toEqual([]);
    }
  });
});
