import { CommitLog } from '@leasehold/commit-log';
import type { CommitLogSettings } from '@leasehold/commit-log';
import { BlockCache, HeadStore } from '@leasehold/engine';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import { Session, SessionWatch } from '@leasehold/lease';
import type { OwnershipContext, OwnershipEvents, OwnershipSettings } from '@leasehold/ownership';
import { DatabaseAccess, Maintenance } from '@leasehold/ownership';

import { numberOf } from '../workload/databases.js';
import type { SimProcess } from '../world/sim-process.js';
import type { VirtualWorld } from '../world/virtual-world.js';
import { explain } from '../world/explain.js';
import type { Hop, HopReply } from './service.js';
import { serve } from './service.js';

/** apps/worker's OWNER_WAIT_MS. */
const OWNER_WAIT_MS = 10_000;
const BLOCK_CACHE_BYTES = 16 * 1024 * 1024;

export interface SimWorkerSettings {
  readonly ttlMs: number;
  readonly log: CommitLogSettings;
  readonly ownership: OwnershipSettings;
}

/** Told when an owner wants a compaction. */
export interface CompactionRequests {
  enqueueCompaction(databaseId: DatabaseId): void;
}

/** One life of one worker, put together as apps/worker does. */
export class SimWorker {
  /** From SIGTERM on. */
  isDraining = false;

  /** Ready to serve; a process that is killed meanwhile never is. */
  static async start(process: SimProcess, settings: SimWorkerSettings, jobs: CompactionRequests): Promise<SimWorker> {
    const { ctx } = process;
    const watch = new SessionWatch(ctx);
    await watch.start();
    const session = await Session.start(ctx, {
      endpoint: `http://${process.name}`,
      pid: 1,
      host: process.name,
      ttlMs: settings.ttlMs,
    });
    const log = new CommitLog({ ...ctx, session }, settings.log);
    const ownership: OwnershipContext = {
      ...ctx,
      session,
      watch,
      log,
      heads: new HeadStore(ctx),
      blocks: new BlockCache(BLOCK_CACHE_BYTES),
      settings: settings.ownership,
      events: eventsOf(process.world, jobs),
    };
    return new SimWorker(process, session, log, new DatabaseAccess(ownership), ownership);
  }

  readonly maintenance: Maintenance;

  private constructor(
    readonly process: SimProcess,
    readonly session: Session,
    readonly log: CommitLog,
    readonly access: DatabaseAccess,
    ownership: OwnershipContext,
  ) {
    this.maintenance = new Maintenance(ownership, access.databases);
    this.maintenance.start();
    session.ended.addEventListener('abort', () => {
      // A session that is lost ends the process: whatever it holds belongs to others now.
      if (!this.isDraining) process.kill();
    });
  }

  get sessionId(): SessionId {
    return this.session.id;
  }

  /** @param waitMs what the gateway has left */
  async serve(hop: Hop, waitMs: number): Promise<HopReply> {
    if (this.isDraining) return { kind: 'not-applied', code: 'service-draining', retryAfterMs: 100 };
    const time = new AbortController();
    const { clock, world } = this.process;
    const timer = clock.schedule(Math.min(OWNER_WAIT_MS, waitMs), () => time.abort(new Error('no more time')));
    try {
      return await serve(this.access, this.session, hop, time.signal);
    } catch (error) {
      world.violations.push({ rule: 'no internal error', database: hop.database, what: explain(error) });
      return {
        kind: 'answer',
        answer: { kind: hop.request.kind === 'transact' ? 'unknown' : 'disclaimed', code: 'internal' },
      };
    } finally {
      timer.cancel();
    }
  }

  /** SIGTERM: drains, and ends whatever comes of it. Resolves when the process is dead. */
  drain(): Promise<void> {
    const { process } = this;
    return new Promise((resolve) => {
      process.onDeath(resolve);
      if (this.isDraining) return;
      this.isDraining = true;
      process.world.trace.add(`${process.name} drains`);
      void this.drainToTheEnd();
    });
  }

  private async drainToTheEnd(): Promise<void> {
    try {
      await this.maintenance.stop();
      await this.access.databases.drain();
      await this.session.sealClean();
    } catch (error) {
      // A crash then, and others recover it.
      if (isLeaseholdError(error)) return;
      const { violations } = this.process.world;
      violations.push({ rule: 'no internal error', database: undefined, what: `drain: ${explain(error)}` });
    } finally {
      this.process.kill();
    }
  }

  /** Gives up everything that it owns, whatever comes of it. @returns how much that is */
  release(): number {
    const open = this.access.databases.open();
    for (const database of open) this.access.databases.release(database).catch(() => undefined);
    return open.length;
  }
}

function eventsOf(world: VirtualWorld, jobs: CompactionRequests): OwnershipEvents {
  return {
    compactionWanted: (databaseId) => jobs.enqueueCompaction(databaseId),
    claimed: (_, from) => {
      world.counts.claims++;
      if (from !== undefined) world.counts.takeovers++;
    },
    released: () => void world.counts.releases++,
    quarantined: (databaseId, cause) => {
      // Nothing in this bucket is damaged at rest, so nobody may think so.
      const what = `quarantined although nothing is damaged: ${explain(cause)}`;
      world.violations.push({ rule: 'L3', database: numberOf(databaseId), what });
    },
    failed: (what, databaseId, error) => {
      if (isLeaseholdError(error) && error.kind !== 'internal') return;
      const database = databaseId && numberOf(databaseId);
      world.violations.push({ rule: 'no internal error', database, what: `${what}: ${explain(error)}` });
    },
  };
}
