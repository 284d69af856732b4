import type { Clock, TenantId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { TenantShares } from '../limits/tenant-shares.js';
import type { ClientPresence } from './client-presence.js';

export interface AnswerRoomSettings {
  readonly maxAnswersBytes?: number | undefined;
  /** Of one tenant: its slow clients hold up itself, before anybody else. */
  readonly maxTenantAnswersBytes?: number | undefined;
}

const MIB = 1024 * 1024;
/** 64 of the largest pages, or 512 of the largest values. */
const MAX_ANSWERS_BYTES = 256 * MIB;
/** A quarter: no less than the largest answer that a worker may give. */
const MAX_TENANT_ANSWERS_BYTES = 64 * MIB;
/** A client has so long to take an answer, and a little more for its size; as with parts of change feeds. */
const TAKE_MS = 60_000;
/** The slowest client that is waited for. */
const MIN_TAKEN_BYTES_PER_MS = 64;
/**
 * Answers up to this size are not timed, since timers are not free: they fit into the buffers of most connections, and as many as one tenant
 * may have under way take a quarter of its room.
 */
const UNTIMED_BYTES = 64 * 1024;
const RETRY_AFTER_MS = 1_000;

/**
 * Room for answers of workers, in memory until clients have taken them. One tenant gets a part of it, and a client that takes its answer too
 * slowly is cut off: so no tenant's clients keep the others' reads from being answered for long.
 */
export class AnswerRoom {
  private readonly shares: TenantShares;

  constructor(
    private readonly clock: Clock,
    { maxAnswersBytes, maxTenantAnswersBytes }: AnswerRoomSettings,
    onChange: (takenBytes: number) => void,
  ) {
    const total = maxAnswersBytes ?? MAX_ANSWERS_BYTES;
    const ofTenant = maxTenantAnswersBytes ?? MAX_TENANT_ANSWERS_BYTES;
    this.shares = new TenantShares({ total, ofTenant }, tooMuchToTake, onChange);
  }

  /**
   * Room for the latest answer of one request, until its client has taken it. To be told the size of each answer before it is read.
   * What it gives throws `too-many-requests` where the tenant has no room left, `overloaded` where nobody has.
   */
  forRequest(tenantId: TenantId, client: ClientPresence): (sizeBytes: number) => void {
    let leave: (() => void) | undefined;
    return (sizeBytes) => {
      if (leave === undefined) client.onGone(() => leave?.());
      else leave();
      leave = this.enter(tenantId, sizeBytes, client);
      if (client.isGone) leave();
    };
  }

  /**
   * Room for a short answer that is there, to be given back by {@link giveBackShort}, once. Undefined: it is long, and was not looked at.
   * @throws as what {@link forRequest} gives
   */
  takeShort(tenantId: TenantId, sizeBytes: number): true | undefined {
    if (sizeBytes > UNTIMED_BYTES) return undefined;
    this.shares.take(tenantId, sizeBytes);
    return true;
  }

  giveBackShort(tenantId: TenantId, sizeBytes: number): void {
    this.shares.giveBack(tenantId, sizeBytes);
  }

  private enter(tenantId: TenantId, sizeBytes: number, client: ClientPresence): () => void {
    const leave = this.shares.enter(tenantId, sizeBytes);
    if (sizeBytes <= UNTIMED_BYTES) return leave;
    const timer = this.clock.schedule(TAKE_MS + sizeBytes / MIN_TAKEN_BYTES_PER_MS, () => client.cutOff());
    return () => {
      timer.cancel();
      leave();
    };
  }
}

function tooMuchToTake(whose: 'tenant' | 'all'): ProblemError {
  const details = { retryAfterMs: RETRY_AFTER_MS };
  if (whose === 'all') return new ProblemError('overloaded', 'too many answers have yet to be taken', details);
  return new ProblemError('too-many-requests', 'clients of the tenant have too many answers to take still', details);
}
