import { isLeaseholdError, LeaseholdError, type SessionId } from '@leasehold/foundation';
import pg from 'pg';

const CONNECT_TIMEOUT_MS = 5_000;
/** A record of many databases waits for others, and takes a while by itself. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** The server cannot report its time-out over a dead connection. */
const QUERY_TIMEOUT_MS = 62_000;
/** Where a kind of records is taken. */
export interface LedgerPlace {
  /** The table of the records that are taken. */
  readonly records: 'usage_records' | 'traffic_records';
  /** Where it stands how far they are complete: one row. */
  readonly progress: 'usage_progress' | 'traffic_progress';
  /** Of all takers of this database; any number that nobody else uses. */
  readonly takerLock: number;
}

const LAST_NUMBER = (records: string) => `SELECT COALESCE(max(number), 0) AS number FROM ${records} WHERE session = $1`;
const SESSIONS_SINCE = (records: string) => `SELECT DISTINCT session FROM ${records} WHERE reaches_to >= $1`;
const COMPLETE_TO = (progress: string) => `SELECT complete_to FROM ${progress} WHERE id = 1`;
/** It never falls, so that a clock that is ahead must not tell it: nobody would look at records until that time has come. */
const PASSED = (progress: string) => `
  INSERT INTO ${progress} AS known (id, complete_to) VALUES (1, least($1::timestamptz, now()))
  ON CONFLICT (id) DO UPDATE SET complete_to = greatest(known.complete_to, EXCLUDED.complete_to)`;

/** Records of the bucket that are taken in the control plane's Postgres, each once, by however many at once. */
export abstract class RecordLedger<R, Taken> {
  private readonly pool: pg.Pool;

  constructor(
    databaseUrl: string,
    private readonly place: LedgerPlace,
  ) {
    this.pool = new pg.Pool({
      connectionString: databaseUrl,
      max: 1,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      application_name: 'leasehold-usage-ledger',
      allowExitOnIdle: true,
    });
    // A connection that breaks while idle; the next statement opens another.
    this.pool.on('error', () => undefined);
  }

  /**
   * All of a record, or nothing of it. Durable when it resolves; a record that was taken before changes nothing.
   * @throws LeaseholdError `unavailable`: it is not known whether it was taken; taking it again is always safe
   */
  async take(record: R): Promise<Taken> {
    return this.inTransaction(async (client) => {
      // One after another: what is covered is read and written.
      await client.query('SELECT pg_advisory_xact_lock($1)', [this.place.takerLock]);
      return this.takeIn(client, record);
    });
  }

  /** Of the session's records that were taken, the highest number; 0: none was. @throws LeaseholdError `unavailable` */
  async lastNumber(session: SessionId): Promise<number> {
    const { rows } = await this.ask((client) =>
      client.query<{ number: string }>(LAST_NUMBER(this.place.records), [session]),
    );
    return Number(rows[0]?.number ?? 0);
  }

  /** Sessions of whose taken records one reaches to this time or past it (ms since the Unix epoch). @throws LeaseholdError `unavailable` */
  async sessionsSince(time: number): Promise<readonly SessionId[]> {
    const { rows } = await this.ask((client) =>
      client.query<{ session: SessionId }>(SESSIONS_SINCE(this.place.records), [new Date(time)]),
    );
    return rows.map(({ session }) => session);
  }

  /** The latest time that {@link passed} was told; undefined: none was. @throws LeaseholdError `unavailable` */
  async completeTo(): Promise<number | undefined> {
    const { rows } = await this.ask((client) => client.query<{ complete_to: Date }>(COMPLETE_TO(this.place.progress)));
    return rows[0]?.complete_to.getTime();
  }

  /** Every record that was in the bucket at that time is taken, or now, if Postgres says that this is earlier. Ms since the Unix epoch. @throws LeaseholdError `unavailable` */
  async passed(completeTo: number): Promise<void> {
    await this.ask((client) => client.query(PASSED(this.place.progress), [new Date(completeTo)]));
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  /** Inside of a transaction, and with no other taker beside it. */
  protected abstract takeIn(client: pg.ClientBase, record: R): Promise<Taken>;

  protected async inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.ask(async (client) => {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    });
  }

  protected async ask<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.pool.connect();
      const result = await work(client);
      client.release();
      return result;
    } catch (cause) {
      // Whatever state the connection is in, nobody else gets it.
      client?.release(true);
      if (isLeaseholdError(cause)) throw cause;
      throw new LeaseholdError('unavailable', 'unavailable', 'the usage ledger does not answer', { cause });
    }
  }
}
