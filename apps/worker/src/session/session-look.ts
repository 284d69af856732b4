import type { CommitLog } from '@leasehold/commit-log';
import type { DiskCache } from '@leasehold/disk-cache';
import type { BlockCache, HeadStore } from '@leasehold/engine';
import type { Clock, DatabaseId } from '@leasehold/foundation';
import type { Session } from '@leasehold/lease';
import type { Databases, OwnedDatabase } from '@leasehold/ownership';
import type { ObjectStore } from '@leasehold/object-store';
import type {
  DatabaseInspection,
  DatabaseOwner,
  OwnedDatabaseLook,
  OwnedDatabasesLook,
  SessionLoad,
} from '@leasehold/protocol';

import type { FairAdmission } from '../fairness/fair-admission.js';
import type { SessionTally } from '../worker-metrics.js';
import { firstInOrder } from './first-in-order.js';
import { inspectDatabase } from './inspect-database.js';

export interface SessionLookParts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly session: Session;
  readonly log: CommitLog;
  readonly heads: HeadStore;
  readonly databases: Databases;
  readonly requests: FairAdmission;
  readonly blocks: Pick<BlockCache, 'sizeBytes' | 'limitBytes' | 'tally'>;
  readonly disk: Pick<DiskCache, 'stats'> | undefined;
  readonly tally: () => Promise<SessionTally>;
}

/**
 * What operators may see of a session, read from memory when they ask: nothing is kept for it, and counted is what metrics count too. It is what this
 * process believes at the moment; who owns a database is decided by its head alone.
 */
export class SessionLook {
  private readonly startedAt: number;

  constructor(private readonly parts: SessionLookParts) {
    this.startedAt = parts.clock.now();
  }

  async load(draining: boolean): Promise<SessionLoad> {
    const { session, log, databases, requests, blocks, disk, tally } = this.parts;
    const counted = await tally();
    return {
      session: session.id,
      pid: process.pid,
      startedAt: new Date(this.startedAt).toISOString(),
      ...counted,
      cache: {
        sizeBytes: Math.round(blocks.sizeBytes),
        limitBytes: blocks.limitBytes,
        hits: blocks.tally.hits,
        misses: blocks.tally.misses,
        diskHits: disk?.stats().hits ?? null,
      },
      openDatabases: databases.openCount,
      openDatabasesBytes: databases.openBytes,
      dirtyDatabases: databases.dirty.count,
      unflushedMemoryBytes: databases.dirty.sizeBytes,
      log: {
        nextSegment: log.nextSegment(),
        looseSegments: log.looseSegments(),
        rollups: log.rollups(),
        unflushedBytes: log.unflushedBytes(),
      },
      waitingRequests: requests.waiting,
      workUnits: requests.units,
      processBytes: process.memoryUsage.rss(),
      draining,
    };
  }

  /** Of the databases that are owned, those behind `after` in the order of their ids. What comes and goes meanwhile may be missed. */
  owned(after: DatabaseId | undefined, limit: number): OwnedDatabasesLook {
    const wanted = this.parts.databases.open().filter(({ id }) => after === undefined || id > after);
    const page = firstInOrder(wanted, ({ id }) => id, limit);
    const last = page.at(-1);
    const next = wanted.length > page.length && last !== undefined ? last.id : null;
    return { databases: page.map((database) => this.ofOwned(database)), next };
  }

  /** From memory where it is this session's, else one GET. Undefined: it has no head. @throws StoreUnavailableError, CorruptBytesError */
  async ownerOf(databaseId: DatabaseId): Promise<DatabaseOwner | undefined> {
    const { databases, heads, session } = this.parts;
    const open = databases.get(databaseId);
    if (open !== undefined) {
      const { epoch, ownedSince } = this.ofOwned(open);
      return { owner: session.id, epoch, ownedSince, quarantined: false, deleted: false };
    }
    const head = (await heads.load(databaseId))?.head;
    if (head === undefined) return undefined;
    const { owner, epoch, quarantined, deletedAt } = head;
    return { owner: owner ?? null, epoch, ownedSince: null, quarantined, deleted: deletedAt !== undefined };
  }

  /** What is in the bucket, and what this session knows beside it where it is the owner. Undefined: it has no head. @throws as {@link inspectDatabase} */
  async inspectionOf(databaseId: DatabaseId): Promise<DatabaseInspection | undefined> {
    const found = await inspectDatabase(this.parts, databaseId);
    // Afterwards: what is accepted is at or behind what the head has.
    const open = this.parts.databases.get(databaseId);
    if (found === undefined || open === undefined) return found;
    const { ownedSince, lastUsedAt } = this.ofOwned(open);
    const { epoch, acceptedSequence, durableSequence, unflushedBytes } = open;
    return { ...found, held: { epoch, ownedSince, lastUsedAt, acceptedSequence, durableSequence, unflushedBytes } };
  }

  private ofOwned({ id, epoch, ownedSince, lastUsedAt, unflushedBytes }: OwnedDatabase): OwnedDatabaseLook {
    const { clock } = this.parts;
    const idleMs = Math.max(0, clock.monotonic() - lastUsedAt);
    return {
      databaseId: id,
      epoch,
      ownedSince: new Date(ownedSince).toISOString(),
      lastUsedAt: new Date(Math.round(clock.now() - idleMs)).toISOString(),
      unflushedBytes,
    };
  }
}
