import { LeaseholdError } from '@leasehold/foundation';
import type { RecountedTime } from '@leasehold/metering';
import pg from 'pg';

import { RecountBook } from './recount-book.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** A piece of many databases that were busy in every hour. */
const STATEMENT_TIMEOUT_MS = 120_000;
/** The server cannot report its time-out over a dead connection. */
const QUERY_TIMEOUT_MS = 122_000;
/** Of all recounts of this database; any number that nobody else uses. */
const RECOUNT_LOCK = 7_220_147;

/** Opens the second set of books: one at a time, however many ask, with a connection of its own, so that roll-ups go on meanwhile. */
export class UsageRecounts {
  constructor(private readonly databaseUrl: string) {}

  /**
   * The book is gone when the work ends, whatever came of it.
   *
   * @returns `busy`: another recount is under way
   * @throws LeaseholdError `unavailable`; what the work throws
   */
  async recount<T>(time: RecountedTime, work: (book: RecountBook) => Promise<T>): Promise<T | 'busy'> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      application_name: 'leasehold-usage-recount',
    });
    // A connection that breaks between two statements; the next one says so.
    client.on('error', () => undefined);
    try {
      return (await isAlone(client)) ? await work(await RecountBook.open(client, time)) : 'busy';
    } finally {
      // Whatever state it is in; a dead one cannot be ended any better.
      await client.end().catch(() => undefined);
    }
  }
}

async function isAlone(client: pg.Client): Promise<boolean> {
  try {
    await client.connect();
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [RECOUNT_LOCK]);
    return rows[0]?.mine === true;
  } catch (cause) {
    throw new LeaseholdError('unavailable', 'unavailable', 'the usage ledger does not answer', { cause });
  }
}
