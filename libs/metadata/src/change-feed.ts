import type { PrismaClient } from './generated/client.js';

/** How long a change is kept. Readers that were away for longer than half of it start anew (libs/directory). */
export const CHANGE_RETENTION_MS = 60 * 60 * 1_000;
/** Rows per deletion: short statements, short locks. */
const PRUNE_BATCH = 5_000;
const PRUNE_BATCHES = 100;

/** The writing side is triggers of Postgres, the reading side libs/directory; here is what keeps the table small. */
export class ChangeFeed {
  constructor(private readonly prisma: PrismaClient) {}

  /** Deletes what is older than the retention, a bounded number of rows; returns how many. */
  async prune(): Promise<number> {
    let pruned = 0;
    for (let batch = 0; batch < PRUNE_BATCHES; batch++) {
      const count = await this.prisma.$executeRaw`
        DELETE FROM changes WHERE id IN (
          SELECT id FROM changes WHERE created_at < now() - ${CHANGE_RETENTION_MS}::int * interval '1 millisecond'
          ORDER BY created_at LIMIT ${PRUNE_BATCH}::int)`;
      pruned += count;
      if (count < PRUNE_BATCH) break;
    }
    return pruned;
  }
}
