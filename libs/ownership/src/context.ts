import type { Clock, DatabaseId, Random, SessionId } from '@leasehold/foundation';
import type { CommitLog } from '@leasehold/commit-log';
import type { BlockCache, Head, HeadStore, UsageCounters } from '@leasehold/engine';
import type { Session, SessionWatch } from '@leasehold/lease';
import type { ObjectStore } from '@leasehold/object-store';

import type { ColdStart } from './cold-start.js';
import type { DirtyDatabases } from './dirty-databases.js';
import type { OwnershipSettings } from './settings.js';

/** The components that owning databases needs; one of each per worker process. */
export interface OwnershipContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly session: Session;
  readonly log: CommitLog;
  readonly watch: SessionWatch;
  readonly heads: HeadStore;
  readonly blocks: BlockCache;
  readonly settings: OwnershipSettings;
  readonly events: OwnershipEvents;
}

/** What handles of owned databases share beside it; `Databases` makes it. */
export interface HandleContext extends OwnershipContext {
  readonly dirty: DirtyDatabases;
  /** The head of an open database has taken commits in, and its weight with them. */
  readonly flushed: (databaseId: DatabaseId) => void;
}

/** What others may want to know; a listener must return at once and not throw. */
export interface OwnershipEvents {
  /** The database has enough L0 files for a compaction. Told after every flush that leaves it so. */
  compactionWanted(databaseId: DatabaseId): void;
  /** `from` is another session whose database it was; undefined when nobody's, or our own (P2). */
  claimed(databaseId: DatabaseId, from: SessionId | undefined): void;
  /** A request met a database that was not open here, and was served. Once for each claim, however many waited for it. */
  coldStart?(start: ColdStart): void;
  released(databaseId: DatabaseId): void;
  /** The database is this session's from here on, and this is what of it is in the bucket. */
  opened?(head: Head): void;
  /** The commits after `from` up to `to` are durable, all of the hour of `committedAt`: each is told once, in order, by the session that made it. */
  wrote?(databaseId: DatabaseId, committedAt: number, from: UsageCounters, to: UsageCounters): void;
  /** The bucket has a new head of a database that is open here. */
  flushed?(head: Head): void;
  /** Someone has to look: bytes in the bucket are not what was written. */
  quarantined(databaseId: DatabaseId, cause: unknown): void;
  /** Background work failed and will be tried again. */
  failed(what: string, databaseId: DatabaseId | undefined, error: unknown): void;
}
