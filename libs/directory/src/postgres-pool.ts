import pg from 'pg';

export interface PostgresPoolSettings {
  /** What the connections are for; Postgres lists them under `leasehold-<purpose>`. */
  readonly purpose: string;
  readonly connections: number;
  /** Of a connection until it is there, and of a statement. */
  readonly timeoutMs: number;
  /** Of the answer to a statement, when not the same: the server cannot report its time-out over a dead connection. */
  readonly answerTimeoutMs?: number;
}

/** Connections to the control plane's Postgres, opened when first needed. Nothing waits for ever, and none of them keeps a process alive. */
export function openPool(
  databaseUrl: string,
  { purpose, connections, timeoutMs, answerTimeoutMs = timeoutMs }: PostgresPoolSettings,
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: answerTimeoutMs,
    application_name: `leasehold-${purpose}`,
    allowExitOnIdle: true,
  });
  // A connection that breaks while idle; the next statement opens another.
  pool.on('error', () => undefined);
  return pool;
}
