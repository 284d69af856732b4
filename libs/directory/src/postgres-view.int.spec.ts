import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { startTestPostgres } from '@leasehold/metadata-testing';
import pg from 'pg';

import { POSITION_COLUMN, PostgresView, VIEW_COLUMN } from './postgres-view.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const RECOVERED_WITHIN_MS = 30_000;

interface Look {
  readonly started: string;
  readonly view: string;
  /** Of a transaction that has long ended. */
  readonly position: string;
}

describe('a view of a real Postgres', () => {
  let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
  let url: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    url = await postgres.createDatabase();
  });
  afterAll(() => postgres.close());

  async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
  const look = () =>
    withClient(async (client) => {
      const { rows } = await client.query<Look>(`
        SELECT pg_postmaster_start_time()::text AS started, ${VIEW_COLUMN}, ${POSITION_COLUMN}
        FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS transaction_id) AS c`);
      return rows[0] as Look;
    });

  async function recovered(): Promise<Look> {
    const deadline = performance.now() + RECOVERED_WITHIN_MS;
    for (;;) {
      try {
        return await look();
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await systemClock.sleep(50);
      }
    }
  }

  it('is one of the same server as long as that runs', async () => {
    const [first, second] = [await look(), await look()];
    expect(PostgresView.of(first.view)?.includes(second.position)).toBe(true);
  });

  it('includes nothing that is told after a crash, which gives numbers again', async () => {
    const before = await look();
    await withClient(async (victim) => {
      const { rows } = await victim.query<{ readonly pid: number }>('SELECT pg_backend_pid() AS pid');
      const gone = new Promise((resolve) => victim.once('end', resolve));
      process.kill(rows[0]?.pid ?? NaN, 'SIGKILL');
      await gone;
    });
    const after = await recovered();
    // By when it was started it is the same one.
    expect(after.started).toBe(before.started);
    expect(PostgresView.of(before.view)?.includes(after.position)).toBe(false);
    expect(PostgresView.of(after.view)?.includes(after.position)).toBe(true);
  });
});
