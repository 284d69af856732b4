import type { TenantId } from '@leasehold/foundation';
import { BackpressureError } from '@leasehold/ownership';

export interface AnswerRoomSettings {
  /** Of all answers that are made or wait to be taken. */
  readonly maxBytes: number;
  /** Of one tenant: less than all, so that others have room; more than the largest answer with what it was made of. */
  readonly maxBytesOfTenant: number;
}

/** Who was refused comes back when some answers have been taken. */
const RETRY_AFTER_MS = 500;

/**
 * Memory of long answers: what was read for them, and their text. A question of a few bytes may ask for megabytes, so it is what comes of it
 * that counts. Nobody waits for room, because who waits would hold what he has read.
 */
export class AnswerRoom {
  private usedBytes = 0;
  private readonly ofTenants = new Map<TenantId, number>();

  constructor(private readonly settings: AnswerRoomSettings) {}

  /** Bytes in use. */
  get bytes(): number {
    return this.usedBytes;
  }

  /** @throws BackpressureError there is no room: nothing was taken */
  take(tenantId: TenantId, bytes: number): void {
    const used = this.ofTenants.get(tenantId) ?? 0;
    const { maxBytes, maxBytesOfTenant } = this.settings;
    if (used + bytes > maxBytesOfTenant) throw new BackpressureError('long answers of the tenant', RETRY_AFTER_MS);
    if (this.usedBytes + bytes > maxBytes) throw new BackpressureError('long answers', RETRY_AFTER_MS);
    this.usedBytes += bytes;
    this.ofTenants.set(tenantId, used + bytes);
  }

  giveBack(tenantId: TenantId, bytes: number): void {
    const left = (this.ofTenants.get(tenantId) ?? 0) - bytes;
    this.usedBytes -= bytes;
    if (left > 0) this.ofTenants.set(tenantId, left);
    else this.ofTenants.delete(tenantId);
  }
}
