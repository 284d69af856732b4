import type { Version } from '@leasehold/foundation';
import { VERSION_ZERO } from '@leasehold/foundation';
import type { DatabaseIdentity, Entry, Head, ScanOptions, ScanPage, SstSource, StoredHead } from '@leasehold/engine';
import { readChanges, View } from '@leasehold/engine';
import { tracedStore } from '@leasehold/object-store';
import type { Precondition } from '@leasehold/protocol';

import { ColdReadCounter } from './cold-read-counter.js';
import { coldStartCause } from './cold-start.js';
import type { OwnershipContext } from './context.js';
import type { AccessOptions } from './access-options.js';
import { Databases } from './databases.js';
import { DatabaseDeletedError, FutureVersionError, OwnerUnavailableError, QuarantinedError } from './errors.js';
import { assertSameTenant } from './identity.js';
import { inPhase } from './in-phase.js';
import type { OwnedDatabase } from './owned-database.js';
import type { Changes, ChangesRequest } from './reads/change-feed.js';
import { assertChangesLimits, changesOf, changesOptions, MAX_FEED_WAIT_MS } from './reads/change-feed.js';
import type { PointInTime } from './reads/point-in-time.js';
import { pastView } from './reads/point-in-time.js';
import type { Snapshot, SnapshotRead } from './reads/snapshot-read.js';
import { assertPointInTime, assertScan, assertSnapshotLimits, readSnapshot } from './reads/snapshot-read.js';
import { rereading } from './rereading.js';
import { tracedContext } from './traced-context.js';
import { firstCommitOf } from './transaction/first-commit-of.js';
import type { IdempotencyKey, Transaction, TransactionOutcome } from './transaction/transaction.js';
import { assertWithinLimits } from './transaction/transaction-limits.js';
import { unlessAborted } from './unless-aborted.js';

/** One put or delete under a condition: a transaction of one operation. */
export interface WriteRequest {
  readonly key: Uint8Array;
  /** Undefined deletes. */
  readonly value: Uint8Array | undefined;
  readonly precondition: Precondition;
  /** Wall ms from which on the key counts as absent; never by default. */
  readonly expiresAt?: number;
  readonly idempotencyKey?: IdempotencyKey;
}

export interface ReadOptions extends AccessOptions {
  /** The present by default. */
  readonly at?: PointInTime;
}

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
  readonly cold: (source: ColdSource) => Promise<T>;
}

/** A database that nobody owns is its head and its files. `head` is undefined before the first write. */
interface ColdSource {
  readonly memtables: readonly [];
  readonly head: Head | undefined;
  readonly files: SstSource;
}

/**
 * What a worker does for its callers: reads and transactions of one database at a time.
 *
 * A write needs the database to be owned and claims it; where the head alone decides it, it goes along with the claim. A read of a
 * database that nobody owns is answered from a GET of its head that was sent after the request arrived (R1), and claims it only
 * when such reads keep coming.
 *
 * Answers that no put stands behind (reads, failed preconditions, transactions without operations) rest on the session's deadline:
 * whoever sends them asks `session.assertServing()` last (S1).
 */
export class DatabaseAccess {
  readonly databases: Databases;
  private readonly coldReads: ColdReadCounter;

  constructor(private readonly ctx: OwnershipContext) {
    const { idleReleaseMs, claimAfterColdReads } = ctx.settings;
    this.databases = new Databases(ctx);
    this.coldReads = new ColdReadCounter(ctx.clock, idleReleaseMs, claimAfterColdReads);
  }

  /** @throws as {@link transact} */
  async write(identity: DatabaseIdentity, request: WriteRequest, options: AccessOptions): Promise<Version> {
    const { key, value, precondition, expiresAt, idempotencyKey } = request;
    const { version } = await this.transact(
      identity,
      {
        checks: precondition.kind === 'none' ? [] : [{ kind: 'key', key, precondition }],
        ops: [value === undefined ? { op: 'delete', key } : { op: 'put', key, value, expiresAt }],
        idempotencyKey,
      },
      options,
    );
    return version;
  }

  /**
   * Applies all of it or nothing. Resolves when it is durable.
   * @throws LeaseholdError `invalid` beyond the limits; else as `OwnedDatabase.transact` and `Databases.use`
   */
  async transact(identity: DatabaseIdentity, tx: Transaction, options: AccessOptions): Promise<TransactionOutcome> {
    assertWithinLimits(tx);
    return this.databases.use(identity, options, (database) => database.transact(tx, options), {
      first: firstCommitOf(this.ctx.clock, this.files, tx),
    });
  }

  /**
   * The live entry of a key; undefined when it does not exist. From memory without waiting when the database is owned here and what it
   * needs is at hand.
   */
  get(identity: DatabaseIdentity, key: Uint8Array, options: ReadOptions): Promise<Entry | undefined> {
    if (options.at !== undefined) return this.getAt(identity, key, options);
    const open = this.databases.get(identity.databaseId);
    try {
      const found = open?.lookupNow(key);
      if (open !== undefined && found !== undefined) {
        assertSameTenant(open.head, identity);
        return Promise.resolve(found.entry);
      }
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return this.read(identity, options, {
      owned: (database) => database.get(key, options),
      cold: (source) => presentOf(source, this.now()).get(key),
    });
  }

  /** A page of live entries of one moment. @throws as {@link readMany} */
  async scan(identity: DatabaseIdentity, scan: ScanOptions, options: ReadOptions): Promise<ScanPage> {
    const { at } = options;
    assertScan(scan);
    if (at !== undefined) assertPointInTime(at);
    return this.read(identity, options, {
      owned: (database) => database.scan(scan, options, at),
      cold: async (source) => this.viewOf(source, at).scan(scan),
    });
  }

  /**
   * Many reads of one moment, whose version the answer names.
   * @throws LeaseholdError `invalid` beyond the limits; FutureVersionError, HistoryGoneError
   */
  async readMany(identity: DatabaseIdentity, request: SnapshotRead, options: AccessOptions): Promise<Snapshot> {
    assertSnapshotLimits(request);
    return this.read(identity, options, {
      owned: (database) => database.readMany(request, options),
      cold: async (source) => readSnapshot(this.viewOf(source, request.at), request),
    });
  }

  /**
   * What was committed after a sequence, in order; to go on, ask again from `through`. One who wants to wait for the next commit becomes
   * the owner, because nobody else would tell.
   * @throws LeaseholdError `invalid` beyond the limits; FutureVersionError, HistoryGoneError
   */
  async changes(identity: DatabaseIdentity, request: ChangesRequest, options: AccessOptions): Promise<Changes> {
    assertChangesLimits(request);
    const { waitMs = 0 } = request;
    const { changes, isCold } = await this.read(identity, options, {
      owned: async (database) => ({ changes: await database.changes(request, options), isCold: false }),
      cold: async (source) => ({ changes: await coldChanges(source, request), isCold: source.head !== undefined }),
    });
    if (changes.commits.length > 0 || !isCold || waitMs <= 0) {
      // A database that was never written to has no owner who could be asked.
      const isEmpty =
        changes.commits.length === 0 && changes.through === 0 && !this.databases.isOpen(identity.databaseId);
      if (isEmpty && waitMs > 0) return this.firstChanges(identity, request, changes, options);
      return changes;
    }
    const rest = { ...request, since: changes.through };
    return this.databases.use(identity, options, (database) => database.changes(rest, options));
  }

  /** Claims only what an ended session left behind. */
  async state(identity: DatabaseIdentity, options: AccessOptions): Promise<DatabaseState> {
    const isOpen = this.databases.isOpen(identity.databaseId);
    const known = isOpen ? undefined : await this.servedHead(identity, options);
    if (!isOpen && known?.head.owner === undefined) {
      return { head: known?.head, version: known?.head.lastCommit, memtableBytes: 0, owned: false };
    }
    const ofOwned = async (database: OwnedDatabase) => ({ ...(await database.state(options)), owned: true });
    return this.databases.use(identity, options, ofOwned, { known });
  }

  private async getAt(identity: DatabaseIdentity, key: Uint8Array, options: ReadOptions): Promise<Entry | undefined> {
    const { gets } = await this.readMany(identity, { gets: [key], scans: [], at: options.at }, options);
    return gets[0];
  }

  private read<T>(identity: DatabaseIdentity, options: AccessOptions, how: ReadWays<T>): Promise<T> {
    const { databaseId } = identity;
    return rereading(async () => {
      if (this.databases.isOpen(databaseId)) return this.databases.use(identity, options, how.owned);
      const known = await this.servedHead(identity, options);
      // An owner, live or not, is the matter of the claim path, whose CAS makes sure that nothing is missed.
      if (known !== undefined && (known.head.owner !== undefined || this.coldReads.shouldClaim(databaseId))) {
        return this.databases.use(identity, options, how.owned, { known });
      }
      const files = { ...this.files, store: tracedStore(this.ctx.store, options.traceparent) };
      const answer = inTime('read', () => how.cold({ memtables: [], head: known?.head, files }), options);
      this.tellColdRead(known?.head, answer);
      return answer;
    });
  }

  private tellColdRead(head: Head | undefined, answer: Promise<unknown>): void {
    const { events, session } = this.ctx;
    const tell = (): void => events.coldStart?.({ cause: coldStartCause(head, session.id), way: 'read' });
    answer.then(tell, () => undefined);
  }

  /** A GET of the head, sent now (R1). Undefined: there is none, the database is empty. */
  private async servedHead(identity: DatabaseIdentity, options: AccessOptions): Promise<StoredHead | undefined> {
    const { heads } = tracedContext(this.ctx, options.traceparent);
    const stored = await inTime('head', () => heads.load(identity.databaseId), options);
    if (stored === undefined) return undefined;
    assertSameTenant(stored.head, identity);
    if (stored.head.quarantined) throw new QuarantinedError();
    if (stored.head.deletedAt !== undefined) throw new DatabaseDeletedError();
    return stored;
  }

  private get files(): SstSource {
    return { store: this.ctx.store, cache: this.ctx.blocks };
  }

  private now(): number {
    return this.ctx.clock.now();
  }

  private viewOf(source: ColdSource, at: PointInTime | undefined): View {
    const now = this.now();
    if (at === undefined) return presentOf(source, now);
    if (source.head !== undefined)
      return new View({ ...source, ...pastView(at, { ...source, head: source.head }, now) });
    if ('version' in at && at.version.sequence > 0) throw new FutureVersionError(at.version.sequence);
    return presentOf(source, now);
  }

  /** Of a database without a head. Its first write most likely comes here, where the feed of the database is routed too. */
  private async firstChanges(
    identity: DatabaseIdentity,
    request: ChangesRequest,
    none: Changes,
    options: AccessOptions,
  ): Promise<Changes> {
    const { databaseId } = identity;
    const waitMs = Math.min(request.waitMs ?? 0, MAX_FEED_WAIT_MS);
    await inPhase(options.phases, 'wait', () => this.databases.untilOpen(databaseId, waitMs, options.signal));
    if (options.signal.aborted || !this.databases.isOpen(databaseId)) return none;
    const now = { ...request, waitMs: 0 };
    return this.databases.use(identity, options, (database) => database.changes(now, options));
  }
}

function presentOf(source: ColdSource, now: number): View {
  return new View({ ...source, now });
}

async function coldChanges({ memtables, head, files }: ColdSource, request: ChangesRequest): Promise<Changes> {
  const { since } = request;
  if (since > (head?.lastCommit.sequence ?? 0)) throw new FutureVersionError(since);
  if (head === undefined) return { commits: [], through: since, position: VERSION_ZERO };
  return changesOf(await readChanges({ memtables, head, files }, changesOptions(request)), head.lastCommit);
}

function inTime<T>(phase: 'head' | 'read', read: () => Promise<T>, { signal, phases }: AccessOptions): Promise<T> {
  const tooLate = (reason: unknown): Error => new OwnerUnavailableError('not read in time', reason);
  return inPhase(phases, phase, () => unlessAborted(read(), [signal], tooLate));
}
