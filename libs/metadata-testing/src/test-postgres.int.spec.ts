import { afterAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { startTestPostgres } from './test-postgres.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the test Postgres', () => {
  const started = startTestPostgres();
  afterAll(async () => (await started).close());

  it('gives empty databases in UTF-8', async () => {
    const postgres = await started;
    const url = await postgres.createDatabase();
    expect(await query(url, 'SHOW server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
    expect(await postgres.createDatabase()).not.toBe(url);
  });

  it('keeps its data and its port over an outage', async () => {
    const postgres = await started;
    const url = await postgres.createDatabase();
    await query(url, 'CREATE TABLE kept (id int)');
    await postgres.stop();
    await expect(query(url, 'SELECT 1')).rejects.toThrow();
    await postgres.resume();
    expect(await query(url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }]);
  });
});
