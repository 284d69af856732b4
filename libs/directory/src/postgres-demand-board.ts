import type pg from 'pg';

import {
  BOARD_GATEWAYS,
  type BoardView,
  type DemandBoard,
  type Demands,
  formatDemands,
  GATEWAY_ALIVE_MS,
  viewOf,
} from './demand-board.js';
import { openPool } from './postgres-pool.js';

/** Below the pace of exchanges: a late one is worth nothing. */
const TIMEOUT_MS = 900;
/** What gateways that are gone have left is swept up after so long. */
const SWEPT_AFTER_MS = 60_000;

/** One round trip. A row that somebody else sweeps up or writes at the moment is left to them. */
const EXCHANGE = `
  WITH own AS (
    INSERT INTO gateway_demand (gateway_id, seen_at, demand) VALUES ($1, now(), $2)
    ON CONFLICT (gateway_id) DO UPDATE SET seen_at = now(), demand = EXCLUDED.demand
  ), gone AS (
    DELETE FROM gateway_demand WHERE gateway_id IN (
      SELECT gateway_id FROM gateway_demand
      WHERE seen_at < now() - ${SWEPT_AFTER_MS} * interval '1 millisecond' AND gateway_id <> $1
      LIMIT 100 FOR UPDATE SKIP LOCKED)
  )
  SELECT demand FROM gateway_demand
  WHERE gateway_id <> $1 AND seen_at > now() - ${GATEWAY_ALIVE_MS} * interval '1 millisecond'
  ORDER BY gateway_id LIMIT ${BOARD_GATEWAYS}`;

const LEAVE = `DELETE FROM gateway_demand WHERE gateway_id = $1`;

/** The board in the control plane's Postgres: a row for each gateway in a small table that is not even logged. One connection. */
export class PostgresDemandBoard implements DemandBoard {
  private readonly pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.pool = openPool(databaseUrl, { purpose: 'demand-board', connections: 1, timeoutMs: TIMEOUT_MS });
  }

  async exchange(gatewayId: string, own: Demands): Promise<BoardView> {
    const { rows } = await this.pool.query<{ demand: string }>(EXCHANGE, [gatewayId, formatDemands(own)]);
    return viewOf(rows.map(({ demand }) => demand));
  }

  async leave(gatewayId: string): Promise<void> {
    await this.pool.query(LEAVE, [gatewayId]);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
