import type { Version } from '@leasehold/foundation';
import type { DatabaseIdentity, Entry, Head, ScanOptions, ScanPage } from '@leasehold/engine';
import { View } from '@leasehold/engine';

import { ColdReadCounter } from './cold-read-counter.js';
import type { OwnershipContext } from './context.js';
import type { AccessOptions } from './databases.js';
import { Databases } from './databases.js';
import { DatabaseDeletedError, OwnerUnavailableError, QuarantinedError } from './errors.js';
import { assertSameTenant } from './identity.js';
import type { OwnedDatabase, WriteRequest } from './owned-database.js';
import { rereading } from './rereading.js';
import { unlessAborted } from './unless-aborted.js';

/** What is known of a database where it is served; `head` is undefined before the first write. */
export interface DatabaseState {
  readonly head: Head | undefined;
  readonly version: Version | undefined;
  /** Bytes in memory that no head contains yet. */
  readonly memtableBytes: number;
  /** True when this session owns it. */
  readonly owned: boolean;
}

/** The same read of a database that this session owns, and of one that nobody owns. */
interface ReadWays<T> {
  readonly owned: (database: OwnedDatabase) => Promise<T>;
  readonly cold: (view: View) => Promise<T>;
}

/**
 * What a worker does for its callers: reads and writes of one database at a time.
 *
 * A write needs the database to be owned and claims it. A read of a database that nobody owns is answered from a GET of
 * its head that was sent after the request arrived (R1), and claims it only when such reads keep coming.
 *
 * Answers that no put stands behind (reads, failed preconditions) rest on the session's deadline: whoever sends them asks
 * `session.assertServing()` last (S1).
 */
export class DatabaseAccess {
  readonly databases: Databases;
  private readonly coldReads: ColdReadCounter;

  constructor(private readonly ctx: OwnershipContext) {
    const { idleReleaseMs, claimAfterColdReads } = ctx.settings;
    this.databases = new Databases(ctx);
    this.coldReads = new ColdReadCounter(ctx.clock, idleReleaseMs, claimAfterColdReads);
  }

  /** @throws as `OwnedDatabase.write` and `Databases.use` */
  write(identity: DatabaseIdentity, request: WriteRequest, options: AccessOptions): Promise<Version> {
    return this.databases.use(identity, options, (database) => database.write(request, options.signal));
  }

  /** The live entry of a key; undefined when it does not exist. */
  get(identity: DatabaseIdentity, key: Uint8Array, options: AccessOptions): Promise<Entry | undefined> {
    return this.read(identity, options, {
      owned: (database) => database.get(key, options.signal),
      cold: async (view) => {
        const entry = await view.get(key);
        return entry?.kind === 'put' ? entry : undefined;
      },
    });
  }

  scan(identity: DatabaseIdentity, scan: ScanOptions, options: AccessOptions): Promise<ScanPage> {
    return this.read(identity, options, {
      owned: (database) => database.scan(scan, options.signal),
      cold: (view) => view.scan(scan),
    });
  }

  /** Claims only what an ended session left behind. */
  async state(identity: DatabaseIdentity, options: AccessOptions): Promise<DatabaseState> {
    const head = this.databases.isOpen(identity.databaseId) ? 'owned' : await this.unownedHead(identity, options);
    if (head !== 'owned') return { head, version: head?.lastCommit, memtableBytes: 0, owned: false };
    return this.databases.use(identity, options, async (database) => ({
      ...(await database.state(options.signal)),
      owned: true,
    }));
  }

  private read<T>(identity: DatabaseIdentity, options: AccessOptions, how: ReadWays<T>): Promise<T> {
    const { databaseId } = identity;
    return rereading(async () => {
      if (this.databases.isOpen(databaseId)) return this.databases.use(identity, options, how.owned);
      const head = await this.unownedHead(identity, options);
      if (head === 'owned' || (head !== undefined && this.coldReads.shouldClaim(databaseId))) {
        return this.databases.use(identity, options, how.owned);
      }
      const files = { store: this.ctx.store, cache: this.ctx.blocks };
      return inTime(how.cold(new View({ memtables: [], head, files })), options);
    });
  }

  /**
   * A GET of the head, sent now (R1). `owned` when it names an owner, live or not: then the claim path decides, whose
   * CAS makes sure that nothing is missed. Undefined: no head, an empty database.
   */
  private async unownedHead(identity: DatabaseIdentity, options: AccessOptions): Promise<Head | 'owned' | undefined> {
    const stored = await inTime(this.ctx.heads.load(identity.databaseId), options);
    if (stored === undefined) return undefined;
    assertSameTenant(stored.head, identity);
    if (stored.head.quarantined) throw new QuarantinedError();
    if (stored.head.deletedAt !== undefined) throw new DatabaseDeletedError();
    return stored.head.owner === undefined ? stored.head : 'owned';
  }
}

function inTime<T>(read: Promise<T>, { signal }: AccessOptions): Promise<T> {
  return unlessAborted(read, [signal], (reason) => new OwnerUnavailableError('not read in time', reason));
}
