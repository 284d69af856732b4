/** Rows per deletion: short statements, short locks. */
const BATCH_ROWS = 5_000;
const BATCHES = 100;

/**
 * Deletes batch by batch, until one finds less than it might have. Of half a million rows what is left waits for the next time.
 *
 * @param deleteSome so many rows at most
 * @returns how many rows went
 */
export async function pruneRows(deleteSome: (limit: number) => PromiseLike<number>): Promise<number> {
  let pruned = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const count = await deleteSome(BATCH_ROWS);
    pruned += count;
    if (count < BATCH_ROWS) break;
  }
  return pruned;
}
