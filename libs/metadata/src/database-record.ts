import { Prisma } from './generated/client.js';

/** Texts by text, a few. */
export type Labels = Readonly<Record<string, string>>;

/** What people decide about a database beside its name. Null: as the services have it. */
export interface DatabaseOptions {
  readonly labels: Labels;
  /** Neither a request nor `expiresAt` deletes it. */
  readonly deleteProtection: boolean;
  /** From then on it is deleted, by a sweep. */
  readonly expiresAt: Date | null;
  /** How long superseded versions stay readable. */
  readonly retentionSeconds: number | null;
  /** Of live data, past which writes that add data are refused. */
  readonly sizeLimitBytes: number | null;
  /** From a deletion to the purge. */
  readonly undeleteSeconds: number;
}

export interface DatabaseRecord extends DatabaseOptions {
  /** Lower-case UUID, never used twice. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** Grows by one with every change that people make. */
  readonly revision: number;
  readonly deletedAt: Date | null;
  /** Until then a deleted one can be had back. */
  readonly purgeAt: Date | null;
}

export interface DatabaseRow extends Omit<DatabaseRecord, 'sizeLimitBytes'> {
  readonly sizeLimitBytes: bigint | null;
}

/** Of `databases` as `d`. */
export const DATABASE_COLUMNS = Prisma.raw(`d.id::text, d.name, d.created_at AS "createdAt", d.labels,
  d.delete_protection AS "deleteProtection", d.expires_at AS "expiresAt", d.retention_seconds AS "retentionSeconds",
  d.size_limit_bytes AS "sizeLimitBytes", d.undelete_seconds AS "undeleteSeconds", d.revision,
  d.deleted_at AS "deletedAt", d.purge_at AS "purgeAt"`);

export function recordOfRow({ sizeLimitBytes, ...row }: DatabaseRow): DatabaseRecord {
  return { ...row, sizeLimitBytes: sizeLimitBytes === null ? null : Number(sizeLimitBytes) };
}
