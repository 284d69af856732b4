import type { PrismaClient } from './generated/client.js';
import { pruneRows } from './prune-rows.js';

/** How long a change is kept. Readers that were away for longer than half of it start anew (libs/directory). */
export const CHANGE_RETENTION_MS = 60 * 60 * 1_000;

/** The writing side is triggers of Postgres, the reading side libs/directory; here is what keeps the table small. */
export class ChangeFeed {
  constructor(private readonly prisma: PrismaClient) {}

  /** Deletes what is older than the retention, a bounded number of rows; returns how many. */
  prune(): Promise<number> {
    return pruneRows(
      (limit) => this.prisma.$executeRaw`
        DELETE FROM changes WHERE id IN (
          SELECT id FROM changes WHERE created_at < now() - ${CHANGE_RETENTION_MS}::int * interval '1 millisecond'
          ORDER BY created_at LIMIT ${limit}::int)`,
    );
  }
}
