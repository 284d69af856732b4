import type { CommitLog } from '@leasehold/commit-log';
import type { HeadStore } from '@leasehold/engine';
import type { Clock, DatabaseId } from '@leasehold/foundation';
import type { Session } from '@leasehold/lease';
import type { Databases, OwnedDatabase } from '@leasehold/ownership';
import type { DatabaseOwner, OwnedDatabaseLook, OwnedDatabasesLook, SessionLoad } from '@leasehold/protocol';

import type { FairAdmission } from '../fairness/fair-admission.js';
import { firstInOrder } from './first-in-order.js';

export interface SessionLookParts {
  readonly clock: Clock;
  readonly session: Session;
  readonly log: CommitLog;
  readonly heads: HeadStore;
  readonly databases: Databases;
  readonly requests: FairAdmission;
}

/**
 * What operators may see of a session, read from memory when they ask: nothing is kept or counted for it. It is what this process believes at the
 * moment; who owns a database is decided by its head alone.
 */
export class SessionLook {
  constructor(private readonly parts: SessionLookParts) {}

  load(draining: boolean): SessionLoad {
    const { session, log, databases, requests } = this.parts;
    return {
      session: session.id,
      pid: process.pid,
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
