import type { DatabaseId } from '@leasehold/foundation';
import type { UsageMeter } from '@leasehold/metering';

/** Databases of which it is known; the one that was told longest ago goes first. Some 100 bytes each. */
const DEFAULT_MAX_DATABASES = 100_000;

/**
 * How many commits of each database this process has told its meter, from the first one on: what it has told once comes into a record, or the process dies, and whoever opens the
 * database next tells everything again. Where the meter had no room nothing is known any more.
 */
export class ToldCommits {
  private readonly told = new Map<DatabaseId, number>();
  private lost: number;

  constructor(
    private readonly meter: Pick<UsageMeter, 'lost'>,
    private readonly maxDatabases = DEFAULT_MAX_DATABASES,
  ) {
    this.lost = meter.lost;
  }

  of(database: DatabaseId): number {
    this.forgetIfLost();
    return this.told.get(database) ?? 0;
  }

  /** The commits after `from` up to `to` were told; those before are told by whoever opens the database. */
  tell(database: DatabaseId, from: number, to: number): void {
    // It may be this that was lost.
    if (this.forgetIfLost()) return;
    const before = this.told.get(database) ?? 0;
    if (from > before || to <= before) return;
    this.told.delete(database);
    this.told.set(database, to);
    if (this.told.size <= this.maxDatabases) return;
    const [oldest] = this.told.keys();
    if (oldest !== undefined) this.told.delete(oldest);
  }

  private forgetIfLost(): boolean {
    if (this.meter.lost === this.lost) return false;
    this.told.clear();
    this.lost = this.meter.lost;
    return true;
  }
}
