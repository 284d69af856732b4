import type { PrismaClient } from './generated/client.js';

/** A recount of some past days, as the compactor left it (`UsageRecounts`). */
export interface ReconciliationRecord {
  readonly id: bigint;
  /** Whole days in UTC; `toAt` is not in them. */
  readonly fromAt: Date;
  readonly toAt: Date;
  readonly begunAt: Date;
  readonly endedAt: Date;
  readonly sessions: number;
  readonly records: number;
  readonly damaged: number;
  readonly missing: number;
  readonly unread: number;
  readonly databases: number;
  /** All that were found; some of them are kept one by one. */
  readonly differences: number;
}

/** A number that is not what the records say. */
export interface DifferenceRecord {
  readonly position: number;
  readonly databaseId: string;
  readonly hour: number;
  readonly keyId: string;
  readonly meter: string;
  readonly recorded: bigint;
  readonly counted: bigint;
}

/** Of everybody, for operators of the service. */
export class UsageReconciliations {
  constructor(private readonly prisma: PrismaClient) {}

  /** The latest first. @param before only those before this one */
  async list(before: bigint | undefined, limit: number): Promise<readonly ReconciliationRecord[]> {
    return this.prisma.usageReconciliation.findMany({
      where: before === undefined ? {} : { id: { lt: before } },
      orderBy: { id: 'desc' },
      take: limit,
    });
  }

  /** In their order; none of one that is not known. */
  async differences(id: bigint, after: number, limit: number): Promise<readonly DifferenceRecord[]> {
    return this.prisma.usageDifference.findMany({
      where: { reconciliationId: id, position: { gt: after } },
      orderBy: { position: 'asc' },
      take: limit,
      omit: { reconciliationId: true },
    });
  }
}
