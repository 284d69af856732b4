import { LeaseholdError } from '@leasehold/foundation';

import type { PrismaClient } from './generated/client.js';
import type { Limits } from './plans.js';

/** Of what one can have too much: what is counted where it is made. */
export type CountedQuota = 'databases';

export interface OrganizationQuotas {
  readonly plan: { readonly id: string; readonly name: string };
  /** `null`: as the services are configured, and without a limit where they have no setting for it. */
  readonly limits: Limits;
  readonly used: {
    /** That are not deleted. */
    readonly databases: number;
    /** That those take, as was told last. */
    readonly storageBytes: number;
  };
}

/** What an organization may use is used up. Nothing was applied. */
export class QuotaExceededError extends LeaseholdError {
  override readonly name = 'QuotaExceededError';

  constructor(
    readonly quota: CountedQuota,
    readonly limit: number,
    cause?: unknown,
  ) {
    super('quota', 'quota-exceeded', `the organization has as many ${quota} as it may have: ${limit}`, { cause });
  }
}

interface QuotaRow {
  readonly planId: string | null;
  readonly planName: string | null;
  readonly requestsPerSecond: number | null;
  readonly burstRequests: number | null;
  readonly bytesPerSecond: bigint | null;
  readonly concurrentRequests: number | null;
  readonly databases: number | null;
  readonly storageBytes: bigint | null;
  readonly concurrentWakes: number | null;
  readonly usedDatabases: number;
  readonly usedStorageBytes: bigint;
}

/** What organizations may use, and what of it is used. */
export class Quotas {
  constructor(private readonly prisma: PrismaClient) {}

  /** Undefined when there is no such organization. */
  async of(organizationId: string): Promise<OrganizationQuotas | undefined> {
    const [row] = await this.prisma.$queryRaw<QuotaRow[]>`
      SELECT q.plan_id AS "planId", q.plan_name AS "planName", q.requests_per_second AS "requestsPerSecond",
        q.burst_requests AS "burstRequests", q.bytes_per_second AS "bytesPerSecond",
        q.concurrent_requests AS "concurrentRequests", q.databases, q.storage_bytes AS "storageBytes",
        q.concurrent_wakes AS "concurrentWakes", COALESCE(u.databases, 0) AS "usedDatabases",
        COALESCE(u.storage_bytes, 0) AS "usedStorageBytes"
      FROM organizations o CROSS JOIN LATERAL organization_quotas(o.id) AS q
      LEFT JOIN organization_usage u ON u.organization_id = o.id
      WHERE o.id = ${organizationId}`;
    if (row === undefined) return undefined;
    const { planId, planName, usedDatabases, usedStorageBytes, bytesPerSecond, storageBytes, ...others } = row;
    return {
      plan: { id: planId ?? '', name: planName ?? '' },
      limits: { ...others, bytesPerSecond: numberOf(bytesPerSecond), storageBytes: numberOf(storageBytes) },
      used: { databases: usedDatabases, storageBytes: Number(usedStorageBytes) },
    };
  }
}

/** SQLSTATE of the triggers that count. */
const QUOTA_EXCEEDED = 'LHQ01';
const QUOTA_MESSAGE = /quota exceeded: (databases)/;

/** What a trigger of Postgres says about a quota, whoever made the statement; undefined when the error is about something else. */
export function quotaExceededBy(error: unknown): QuotaExceededError | undefined {
  if (error instanceof QuotaExceededError) return error;
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < MAX_CAUSES; depth++) {
    const { code, originalCode, message, detail, cause, meta } = at as Record<string, unknown>;
    if (code === QUOTA_EXCEEDED || originalCode === QUOTA_EXCEEDED) {
      const quota = QUOTA_MESSAGE.exec(String(message))?.[1];
      if (quota !== undefined) return new QuotaExceededError(quota as CountedQuota, Number(detail), error);
    }
    // As Prisma wraps what its adapter throws.
    at = cause ?? (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError;
  }
  return undefined;
}

const MAX_CAUSES = 4;

function numberOf(bytes: bigint | null): number | null {
  return bytes === null ? null : Number(bytes);
}
