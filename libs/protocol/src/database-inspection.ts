import { z } from 'zod';

const count = z.int().min(0);
const instant = z.iso.datetime();

/** Files of a level that are told one by one; sums are of all. */
export const INSPECTED_FILES = 256;
/** Pins that are told; each is a GET of the bucket. */
export const INSPECTED_PINS = 64;

export const inspectedFile = z.object({
  id: z.string(),
  /** As its id says: later than it was, where that had to lie above another. */
  createdAt: instant,
  sizeBytes: count,
  entries: count,
  deletes: count,
  /** Entries that a newer one of their key hides within the file. */
  superseded: count,
  expiring: count,
  firstSequence: count,
  lastSequence: count,
  /** Where its first and last key stand among those of the files that are told. The keys are the tenant's. Null: it is not by keys. */
  keys: z.object({ from: count, to: count }).nullable(),
  /** Files of L1 that a merge of it would read too; null but in L0. */
  overlaps: count.nullable(),
  /** About which share of its entries a rewrite drops; null but in L1. */
  garbageShare: z.number().min(0).max(1).nullable(),
  /** The database in whose folder it lies, after a branch; null: its own. */
  folder: z.string().nullable(),
});
export type InspectedFileLook = z.output<typeof inspectedFile>;

export const inspectedLevel = z.object({
  /** `merged` and `versions`: what only the change feed and reads of the past need. */
  name: z.enum(['l0', 'l1', 'merged', 'versions', 'idempotency']),
  files: count,
  sizeBytes: count,
  entries: count,
  /** The first of them, {@link INSPECTED_FILES} at most: in L0 the newest, in L1 by key. */
  first: z.array(inspectedFile),
});
export type InspectedLevelLook = z.output<typeof inspectedLevel>;

export const inspectedHead = z.object({
  sizeBytes: count,
  /** Since it was created. */
  edits: count,
  /** Of the last, on the bucket's clock. */
  editedAt: instant.nullable(),
  tenantId: z.string(),
  name: z.string(),
  epoch: count,
  /** Null: nobody's. */
  owner: z.string().nullable(),
  quarantined: z.boolean(),
  deletedAt: instant.nullable(),
  parent: z.object({ databaseId: z.string(), sequence: count }).nullable(),
  /** The last commit that the head contains, inline or in files; `at` is null before the first. */
  lastCommit: z.object({ epoch: count, sequence: count, at: instant.nullable() }),
  /** The newest data, which is in no file yet: keys and values of it, and the commit from which on it has everything. */
  inline: z.object({ entries: count, sizeBytes: count, fromSequence: count }),
  rangeDeletes: count,
  idempotencyRecords: count,
  /** Entries and bytes of live data, and bytes that only history keeps: from above. */
  entries: count,
  liveBytes: count,
  historyBytes: count,
  maxBytes: count,
  /** No file is added at or below it; null: garbage was never collected. */
  gcFloor: z.string().nullable(),
});
export type InspectedHeadLook = z.output<typeof inspectedHead>;

export const inspectedPin = z.object({
  id: z.string(),
  purpose: z.enum(['branch', 'replica', 'export', 'undo']),
  /** The database that reads them, this one or another. */
  holder: z.string(),
  /** Of the head whose files these are. */
  sequence: count,
  createdAt: instant,
  files: count,
});

/** What its owner alone knows, from memory. */
export const heldDatabase = z.object({
  epoch: count,
  /** On the worker's clock, as is the next. */
  ownedSince: instant,
  lastUsedAt: instant,
  /** The last commit that has its number, and the last that is durable; what the head does not contain of these is in the log. */
  acceptedSequence: count,
  durableSequence: count,
  unflushedBytes: count,
});
export type HeldDatabaseLook = z.output<typeof heldDatabase>;

/** A database as its head, its pins and its owner tell it: no key and no value of it, and of bounded size, whatever the database has. */
export const databaseInspection = z.object({
  databaseId: z.string(),
  /** On the clock of the worker that looked. */
  inspectedAt: instant,
  head: inspectedHead,
  /** What of the past can be read: `windowMs` is promised, from `fromSequence` on there is at the moment. `fromAt`: null where no moment is recorded. */
  retention: z.object({ windowMs: count, fromSequence: count, fromAt: instant.nullable() }),
  levels: z.array(inspectedLevel),
  pins: z.object({
    first: z.array(inspectedPin),
    /** Of those that were looked at. While there is one, no garbage is collected. */
    unreadable: count,
    hasMore: z.boolean(),
  }),
  /** Null: the worker that looked does not own it. */
  held: heldDatabase.nullable(),
});
export type DatabaseInspection = z.output<typeof databaseInspection>;
