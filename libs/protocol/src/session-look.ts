import { z } from 'zod';

/**
 * What a worker tells of its own session, for operators: read from its memory when somebody asks, and nothing is kept for it. Requests are signed as
 * those of gateways are ({@link signHop}), under a secret of their own and without a database, and name the session that is meant.
 *
 *     GET /internal/v1/session                          load
 *     GET /internal/v1/session/databases?after=&limit=  what it owns, in the order of ids; as many at most as keys in a list
 *     GET /internal/v1/session/owners/<databaseId>      who owns a database, whoever that is
 *     GET /internal/v1/session/inspections/<databaseId> what its head, files and pins are, whoever owns it (`database-inspection.ts`)
 */
export const SESSION_PATH = '/internal/v1/session';

const count = z.int().min(0);
const instant = z.iso.datetime();

export const sessionLoad = z.object({
  session: z.string(),
  pid: count,
  startedAt: instant,
  /** Databases that it has made its own since then, and those of them that were another session's, which had ended. */
  claims: count,
  takeovers: count,
  /** Requests since then that met a database which was not open here. */
  coldStarts: count,
  cache: z.object({
    sizeBytes: count,
    limitBytes: count,
    /** Blocks of files that reads have found in memory since the start; what a head holds inline takes none. */
    hits: count,
    /** That had to be fetched: from the disk, where there is a cache on it and it has them, else from the bucket. */
    misses: count,
    /** Fetches that the disk answered, blocks and maps of files; null: there is no cache on disk. */
    diskHits: count.nullable(),
  }),
  /** Those being claimed included. */
  openDatabases: count,
  /** Memory of them, about, without what no head contains. */
  openDatabasesBytes: count,
  /** With commits that no head contains. */
  dirtyDatabases: count,
  unflushedMemoryBytes: count,
  log: z.object({
    /** The number that its next segment gets. */
    nextSegment: count,
    /** Segments that a recovery would read, one by one. */
    looseSegments: count,
    rollups: count,
    /** That no head contains. */
    unflushedBytes: count,
  }),
  waitingRequests: count,
  /** Under way. */
  workUnits: count,
  /** Resident, of the process. */
  processBytes: count,
  draining: z.boolean(),
});
export type SessionLoad = z.output<typeof sessionLoad>;

export const ownedDatabase = z.object({
  databaseId: z.string(),
  epoch: count,
  /** On the worker's clock, as is the next. */
  ownedSince: instant,
  lastUsedAt: instant,
  /** Of commits that no head contains. */
  unflushedBytes: count,
});
export type OwnedDatabaseLook = z.output<typeof ownedDatabase>;

/** `next`: behind which the next page begins; null: there is none. */
export const ownedDatabases = z.object({ databases: z.array(ownedDatabase), next: z.string().nullable() });
export type OwnedDatabasesLook = z.output<typeof ownedDatabases>;

export const databaseOwner = z.object({
  /** Null: nobody's. */
  owner: z.string().nullable(),
  epoch: count,
  /** Null where it is not the answering session that owns it. */
  ownedSince: instant.nullable(),
  quarantined: z.boolean(),
  deleted: z.boolean(),
});
export type DatabaseOwner = z.output<typeof databaseOwner>;
