import { isDatabaseId, type DatabaseId } from '@leasehold/foundation';
import type pg from 'pg';
import { openPool } from './postgres-pool.js';

const TIMEOUT_MS = 5_000;

const DUE = `
  SELECT id::text FROM databases WHERE deleted_at IS NOT NULL AND purge_at <= now() ORDER BY purge_at LIMIT $1::int`;

const BEGIN = `
  UPDATE databases SET purge_begun_at = COALESCE(purge_begun_at, now())
  WHERE id = $1::uuid AND deleted_at IS NOT NULL AND (purge_at <= now() OR purge_begun_at IS NOT NULL)`;

const POSTPONE = `
  UPDATE databases SET purge_at = now() + $2::bigint * interval '1 millisecond'
  WHERE id = $1::uuid AND deleted_at IS NOT NULL AND purge_begun_at IS NOT NULL`;

const DONE = `DELETE FROM databases WHERE id = $1::uuid AND deleted_at IS NOT NULL AND purge_begun_at IS NOT NULL`;

/**
 * Deleted databases whose undelete window has passed, in the control plane's Postgres, for those who delete their bytes. Whether a window has
 * passed is judged by Postgres's clock alone, in the statement that closes it: an undelete and a purge exclude each other.
 */
export class PostgresPurges {
  private readonly pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.pool = openPool(databaseUrl, { purpose: 'purges', connections: 2, timeoutMs: TIMEOUT_MS });
  }

  /** Those that wait the longest, so many at most. */
  async due(limit: number): Promise<readonly DatabaseId[]> {
    const { rows } = await this.pool.query<{ id: string }>(DUE, [limit]);
    return rows.flatMap(({ id }) => (isDatabaseId(id) ? [id] : []));
  }

  /** From here on there is no way back. Idempotent, also for one that was postponed since. False, and nothing is changed, when it lives, is gone, or its window is open. */
  async begin(id: DatabaseId): Promise<boolean> {
    return ((await this.pool.query(BEGIN, [id])).rowCount ?? 0) > 0;
  }

  /** Not due before then. */
  async postpone(id: DatabaseId, forMs: number): Promise<void> {
    await this.pool.query(POSTPONE, [id, forMs]);
  }

  /** Nothing is left of it in the bucket: forgets it. */
  async done(id: DatabaseId): Promise<void> {
    await this.pool.query(DONE, [id]);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
