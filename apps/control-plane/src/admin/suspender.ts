import type { Clock, TenantId } from '@leasehold/foundation';
import type { CopiedState, Metadata, OtherLog } from '@leasehold/metadata';
import {
  KEY_KEPT_MS,
  recentRevocations,
  resumption,
  suspension,
  type RevocationLog,
  type RevocationState,
} from '@leasehold/revocations';
import type { Logger } from '@leasehold/service-kit';

/** Revocations as old as half of what the bucket keeps are told yet: long after any outage of it that anybody sits through. */
const TOLD_MS = KEY_KEPT_MS / 2;

/**
 * Distance between two looks: with the look of the gateways (5 s) a revoked key is refused within 10 s where a gateway has lost Postgres. Each
 * costs two queries and a GET that finds nothing, 35 cents a month at the prices of S3.
 */
export const TELL_INTERVAL_MS = 3_000;

/**
 * Suspends and resumes tenants, and tells the bucket which keys are revoked.
 *
 * The log in the bucket is the truth about suspensions, so that they can be written without Postgres: it is written first, then copied. What
 * was written by others (an operator's command, while Postgres was down) is copied with the next look. Without a bucket, Postgres is the truth, and of
 * what was suspended by the log of another bucket than the present one.
 *
 * Of keys and identity providers Postgres is the truth: whatever was revoked or removed there lately and is not in the log is told to it, whoever did it,
 * and however often this process was started in between.
 */
export class Suspender {
  /** The state that was copied last. */
  private copied = 0;

  constructor(
    private readonly metadata: Pick<Metadata, 'suspensions'>,
    private readonly log: RevocationLog | undefined,
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** Durable when it resolves; effective at every gateway within two seconds, and within ten where one has lost Postgres. Idempotent. */
  async suspend(tenantId: TenantId, reason: string, by: string): Promise<void> {
    const { suspensions } = this.metadata;
    if (this.log === undefined) return suspensions.suspend(tenantId, reason, by, new Date(this.clock.now()));
    await this.copy(await this.log.append(suspension(tenantId, reason, by)));
  }

  /** As {@link suspend}; gateways take ten seconds. Idempotent. */
  async resume(tenantId: TenantId): Promise<void> {
    const { suspensions } = this.metadata;
    const suspended = await suspensions.of(tenantId);
    if (this.log !== undefined) await this.copy(await this.log.append(resumption(tenantId)));
    // Also one that Postgres alone knows, of a time without a bucket or with another.
    if (suspended !== undefined) await suspensions.resume(suspended);
  }

  /** Makes bucket and Postgres tell the same. @throws what the store throws, or Postgres */
  async tell(): Promise<void> {
    if (this.log === undefined) return;
    const since = new Date(this.clock.now() - TOLD_MS);
    const { suspensions } = this.metadata;
    const revoked = await suspensions.keysRevokedSince(since);
    const removed = await suspensions.providersRemovedSince(since);
    const keys = revoked.map(({ id, revokedAt }) => ({ id, at: revokedAt.getTime() }));
    const providers = removed.map(({ id, removedAt }) => ({ id, at: removedAt.getTime() }));
    await this.copy(await this.log.append(recentRevocations({ keys, providers })));
  }

  private async copy(state: RevocationState): Promise<void> {
    if (state.number <= this.copied) return;
    const { suspensions } = this.metadata;
    const other = await suspensions.copy(copyOf(state));
    if (other !== undefined) await this.copyInstead(state, other);
    else this.copied = state.number;
  }

  /**
   * Postgres has a later state than this one. Where the log has it by now somebody else was first; else Postgres has followed the log of another
   * bucket, and would wait for this one to catch up.
   */
  private async copyInstead(state: RevocationState, other: OtherLog): Promise<void> {
    const latest = other.differs ? state : await this.log?.find();
    if (latest === undefined || (!other.differs && latest.number >= other.number)) return;
    this.logger.warn(
      { number: latest.number, former: other.number },
      'revocations are those of another bucket than before: what was suspended stays suspended, in Postgres alone',
    );
    if ((await this.metadata.suspensions.copy(copyOf(latest), other)) === undefined) this.copied = latest.number;
  }
}

function copyOf({ number, id, suspended }: RevocationState): CopiedState {
  const rows = suspended.map((entry) => ({
    organizationId: entry.tenantId,
    reason: entry.reason,
    suspendedBy: entry.by,
    suspendedAt: new Date(entry.at),
    number: entry.number,
  }));
  return { number, id, suspended: rows };
}
