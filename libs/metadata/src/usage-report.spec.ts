import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Prisma } from './generated/client.js';
import { UsageTooLargeError, type UsageQuestion } from './usage-question.js';
import { UsageReport } from './usage-report.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const YEAR_HOURS = 365 * 24;
/** As Prisma tells of a statement that took too long. */
const TIMED_OUT = Object.assign(new Error('Raw query failed'), { code: 'P2010', meta: adapterError('57014') });

function adapterError(originalCode: string) {
  return { driverAdapterError: { cause: { originalCode } } };
}

/** A Postgres that takes a time, or fails, by the hours that a look is of. */
class FakePostgres {
  databases = 1_000;
  readonly hours: number[] = [];
  nowMs = 0;
  answer: (hours: number) => number | Error = () => 0;

  readonly clock = { monotonic: () => this.nowMs };
  readonly report = new UsageReport(this as never, 100_000, this.clock);

  async $queryRaw(sql: Prisma.Sql): Promise<readonly object[]> {
    if (sql.sql.includes('count(*) AS count')) return [{ count: BigInt(this.databases) }];
    const times = sql.values.flatMap((value) => (value instanceof Date ? [value.getTime()] : []));
    const hours = (Math.max(...times) - Math.min(...times)) / HOUR_MS;
    this.hours.push(hours);
    const answer = this.answer(hours);
    if (answer instanceof Error) throw answer;
    this.nowMs += answer;
    return [];
  }
}

describe('a page of usage of all databases', () => {
  let postgres: FakePostgres;
  beforeEach(() => {
    postgres = new FakePostgres();
  });

  const page = (more: Partial<UsageQuestion> = {}) =>
    postgres.report.page('acme', {
      ...{ from: new Date(START), to: new Date(START + YEAR_HOURS * HOUR_MS), step: 'hour', group: undefined },
      ...{ databaseId: undefined, after: undefined, limit: 1_000, ...more },
    });
  const reached = async (asked: ReturnType<typeof page>) => ((await asked).next!.from.getTime() - START) / HOUR_MS;

  it('looks further once a first look was quick', async () => {
    expect(await reached(page())).toBe(200 + 2_000);
    expect(postgres.hours).toEqual([200, 2_000]);
  });

  it('ends where a first look was not: the next would take ten times as long', async () => {
    postgres.answer = () => 501;
    expect(await reached(page())).toBe(200);
    expect(postgres.hours).toEqual([200]);
  });

  it('ends behind the first look where the second takes too long, so that the next page goes on', async () => {
    postgres.answer = (hours) => (hours > 200 ? TIMED_OUT : 0);
    expect(await reached(page())).toBe(200);
    expect(await reached(page({ after: { from: new Date(START + 200 * HOUR_MS), place: undefined } }))).toBe(400);
  });

  it('is refused where one step is too large, and Postgres does not come to its end', async () => {
    postgres.answer = () => TIMED_OUT;
    await expect(page({ step: 'month' })).rejects.toThrow(UsageTooLargeError);
    postgres.databases = 500_000;
    await expect(page()).rejects.toThrow('there is too much to tell by hour and nothing');
  });

  it('is an outage where Postgres does not come to the end of what is small, or fails in another way', async () => {
    postgres.answer = () => TIMED_OUT;
    await expect(page()).rejects.toBe(TIMED_OUT);
    const away = Object.assign(new Error('Raw query failed'), { code: 'P2010', meta: adapterError('57P03') });
    postgres.answer = () => away;
    await expect(page({ step: 'month' })).rejects.toBe(away);
    postgres.answer = (hours) => (hours > 200 ? away : 0);
    await expect(page()).rejects.toBe(away);
  });
});
