import type { Clock, Random, TenantId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import type { Feed, FeedPart } from './feed.js';
import type { FeedSettings } from './feed-settings.js';
import { TenantShares } from '../limits/tenant-shares.js';

const RETRY_AFTER_MS = 5_000;

/** All change feeds of this gateway, and what they may take together. */
export class Feeds {
  private readonly running = new Set<Feed>();
  private readonly places: TenantShares;
  private readonly partsBytes: TenantShares;
  private isDraining = false;

  constructor(
    readonly clock: Clock,
    readonly random: Random,
    readonly settings: FeedSettings,
    onChange: (feeds: number) => void,
  ) {
    const { maxFeeds, maxTenantFeeds, maxPartsBytes, maxTenantPartsBytes } = settings;
    this.places = new TenantShares({ total: maxFeeds, ofTenant: maxTenantFeeds }, tooManyFeeds, onChange);
    this.partsBytes = new TenantShares({ total: maxPartsBytes, ofTenant: maxTenantPartsBytes }, tooManyBytes);
  }

  /** A place for one feed; gives back how to leave it. @throws ProblemError too-many-requests, overloaded, service-draining */
  enter(tenantId: TenantId): () => void {
    if (this.isDraining)
      throw new ProblemError('service-draining', 'this instance is shutting down', { retryAfterMs: 1_000 });
    return this.places.enter(tenantId);
  }

  /** Room for a part until its client has taken it. @throws ProblemError overloaded */
  admitPart(tenantId: TenantId, sizeBytes: number): () => void {
    return this.partsBytes.enter(tenantId, sizeBytes);
  }

  /** Resolves when the feed is over. */
  async run(feed: Feed, first: FeedPart): Promise<void> {
    this.running.add(feed);
    if (this.isDraining) feed.stop();
    await feed.run(first);
    this.running.delete(feed);
  }

  /** Ends all of them, each telling its client to resume. Begins no other. */
  drain(): void {
    this.isDraining = true;
    for (const feed of this.running) feed.stop();
  }
}

function tooManyFeeds(whose: 'tenant' | 'all'): ProblemError {
  const details = { retryAfterMs: RETRY_AFTER_MS };
  if (whose === 'all') return new ProblemError('overloaded', 'this gateway serves no more change feeds', details);
  return new ProblemError('too-many-requests', 'the tenant has too many change feeds open at this gateway', details);
}

function tooManyBytes(): ProblemError {
  return new ProblemError('overloaded', 'readers of change feeds have too much to take still', { retryAfterMs: 1_000 });
}
