import type pg from 'pg';

import type { KeyUse, KeyUseStore } from './key-uses.js';
import { openPool } from './postgres-pool.js';

const TIMEOUT_MS = 2_000;

/** A row that another process has changed meanwhile is looked at again as it is then. */
const RECORD = `
  INSERT INTO api_key_uses (key_id, last_used_at)
  SELECT u.key_id, u.used_at FROM unnest($1::text[], $2::timestamptz[]) AS u (key_id, used_at)
  WHERE EXISTS (SELECT 1 FROM api_keys WHERE id = u.key_id)
  ON CONFLICT (key_id) DO UPDATE SET last_used_at = EXCLUDED.last_used_at
  WHERE EXCLUDED.last_used_at >= api_key_uses.last_used_at + $3::int * interval '1 millisecond'`;

/** Uses of keys in the control plane's Postgres. One connection. */
export class PostgresKeyUses implements KeyUseStore {
  private readonly pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.pool = openPool(databaseUrl, { purpose: 'key-uses', connections: 1, timeoutMs: TIMEOUT_MS });
  }

  async record(uses: readonly KeyUse[], paceMs: number): Promise<void> {
    if (uses.length === 0) return;
    const keyIds = uses.map(({ keyId }) => keyId);
    const times = uses.map(({ usedAt }) => new Date(usedAt).toISOString());
    await this.pool.query(RECORD, [keyIds, times, paceMs]);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
