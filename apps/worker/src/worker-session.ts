import { hostname } from 'node:os';

import { CommitLog } from '@leasehold/commit-log';
import { DiskCache } from '@leasehold/disk-cache';
import { BlockCache, HeadStore } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import { systemClock, systemRandom } from '@leasehold/foundation';
import { Session, SessionWatch } from '@leasehold/lease';
import { UsageMeter } from '@leasehold/metering';
import { hedgedReads, MeteredStore, probeStore, reliableReads } from '@leasehold/object-store';
import type { OwnershipContext } from '@leasehold/ownership';
import { DatabaseAccess, DrainingError, Maintenance } from '@leasehold/ownership';
import type { HeaderValues, SessionLoad } from '@leasehold/protocol';
import { HOP_HEADERS } from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { UsageRecorder } from '@leasehold/usage-recorder';

import type { WorkerConfig } from './config.js';
import { AnswerRoom } from './fairness/answer-room.js';
import { FairAdmission } from './fairness/fair-admission.js';
import { ANSWERS, REQUESTS, SLICES } from './fairness/fairness-settings.js';
import { LongAnswers } from './fairness/long-answers.js';
import { usageEvents } from './usage/usage-events.js';
import { SessionLook } from './session/session-look.js';
import type { WorkerMetrics } from './worker-metrics.js';
import type { OpenWorkerParts } from './worker-parts.js';
import { commitLogSettingsOf, ownershipSettingsOf } from './worker-settings.js';

/** What of a running worker the routes use. */
interface Running {
  readonly session: Session;
  readonly access: DatabaseAccess;
  readonly maintenance: Maintenance;
  readonly blocks: BlockCache;
  readonly usage: UsageRecorder;
  readonly look: SessionLook;
}

/**
 * The life of this process as a session: probe the bucket, watch the others, put a record, serve; and on SIGTERM drain
 * (S6). A session that is lost ends the process: whatever it holds belongs to others now.
 */
export class WorkerSession {
  /** Whose request is next. */
  readonly requests = new FairAdmission(systemClock, REQUESTS);
  /** Whose long answer goes on being made next, and how many there may be. */
  readonly answers = new LongAnswers(new FairAdmission(systemClock, SLICES), new AnswerRoom(ANSWERS));
  /** What this session does, until it is recorded. */
  readonly usage = new UsageMeter();
  private running: Running | undefined;
  private stopping = false;
  private draining: Promise<void> | undefined;
  /** What was opened, in order. */
  private readonly closers: (() => void | Promise<void>)[] = [];

  constructor(
    private readonly config: WorkerConfig,
    private readonly metrics: WorkerMetrics,
    private readonly logger: Logger,
    private readonly onLost: (reason: unknown) => void,
    private readonly openParts: OpenWorkerParts,
  ) {}

  /** @param url where this process listens. @throws ProbeFailedError naming the step that the bucket fails */
  async start(url: string): Promise<void> {
    const { config, metrics, logger } = this;
    const base = { clock: systemClock, random: systemRandom };
    const { jobs, bucket, commitLog } = this.openParts(logger);
    this.closers.push(
      () => jobs.close(),
      () => bucket.close(),
    );
    const secondary = await this.openDiskCache();
    const metered = new MeteredStore(bucket, systemClock, (call) => metrics.storeCall(call));
    const closed = new AbortController();
    this.closers.push(() => closed.abort());
    const { signal } = closed;
    const store = reliableReads(hedgedReads(metered, systemClock), systemClock, systemRandom, { closed: signal });
    const ctx = { store, ...base };
    await probeStore(store, base);

    const watch = new SessionWatch(ctx);
    this.closers.push(() => watch.stop());
    await watch.start();
    const session = await Session.start(ctx, {
      endpoint: config.WORKER_ADVERTISED_URL ?? url,
      pid: process.pid,
      host: hostname(),
      ttlMs: config.SESSION_TTL_MS,
    });
    this.closers.push(() => session.stop());
    const log = new CommitLog({ ...ctx, session }, { ...commitLogSettingsOf(config), ...commitLog });
    const blocks = new BlockCache(config.BLOCK_CACHE_BYTES, { secondary });
    const ownership: OwnershipContext = {
      ...ctx,
      session,
      log,
      watch,
      heads: new HeadStore(ctx),
      blocks,
      settings: ownershipSettingsOf(config),
      events: {
        ...metrics.events((databaseId) => jobs.enqueueCompaction(databaseId)),
        ...usageEvents(this.usage, systemClock),
      },
    };
    const access = new DatabaseAccess(ownership);
    const maintenance = new Maintenance(ownership, access.databases);
    this.closers.push(() => maintenance.stop());
    const usage = new UsageRecorder(
      {
        ...ctx,
        meter: this.usage,
        onFailed: (error) => logger.warn({ err: error }, 'usage could not be recorded, it will be tried again'),
      },
      { intervalMs: config.USAGE_INTERVAL_MS },
    );
    this.closers.push(() => usage.stop());
    const { databases } = access;
    const look = new SessionLook({
      ...ctx,
      ...{ session, log, heads: ownership.heads, databases, requests: this.requests, blocks, disk: secondary },
      tally: () => metrics.tally(),
    });
    this.running = { session, access, maintenance, blocks, usage, look };
    session.ended.addEventListener('abort', () => this.onEnded(session), { once: true });
    maintenance.start();
    usage.start();

    metrics.gauge('open_databases', 'databases that this session owns', () => access.databases.openCount);
    metrics.gauge('open_databases_bytes', 'memory of open databases, about', () => access.databases.openBytes);
    metrics.gauge(
      'dirty_databases',
      'databases with commits that no head contains',
      () => access.databases.dirty.count,
    );
    metrics.gauge('unflushed_memory_bytes', 'memory of these commits', () => access.databases.dirty.sizeBytes);
    metrics.gauge('unflushed_bytes', 'bytes in the log that no head contains', () => log.unflushedBytes());
    metrics.gauge('loose_segments', 'segments that a recovery would read', () => log.looseSegments());
    metrics.gauge('block_cache_hits', 'blocks that reads found in memory', () => blocks.tally.hits);
    metrics.gauge('block_cache_misses', 'blocks that reads had to fetch', () => blocks.tally.misses);
    metrics.gauge('waiting_requests', 'requests that wait for their turn', () => this.requests.waiting);
    metrics.gauge('lost_usage', 'tellings of usage that there was no room for', () => this.usage.lost);
    metrics.gauge('work_units', 'units of work under way', () => this.requests.units);
    logger.info({ session: session.id }, 'session started');
  }

  get ready(): boolean {
    return this.running?.session.serving() ?? false;
  }

  /** False where another session was named: one that listened at this address before. */
  isMeantBy(headers: HeaderValues): boolean {
    const named = headers[HOP_HEADERS.session];
    return named === undefined || named === this.running?.session.id;
  }

  /** For the check before an answer is sent (S1); it serves until the drain seals it. @throws DrainingError before the start and after the end */
  get session(): Session {
    if (this.running === undefined) throw new DrainingError();
    return this.running.session;
  }

  /** @throws DrainingError before the start and from the drain on */
  get access(): DatabaseAccess {
    if (this.running === undefined || this.stopping) throw new DrainingError();
    return this.running.access;
  }

  /** For whoever looks after it. @throws DrainingError before the start and after the end */
  get look(): SessionLook {
    if (this.running === undefined) throw new DrainingError();
    return this.running.look;
  }

  load(): Promise<SessionLoad> {
    return this.look.load(this.stopping);
  }

  /** Blocks of a database in memory. */
  cacheBytesOf(databaseId: DatabaseId): number {
    return this.running?.blocks.bytesOf(databaseId) ?? 0;
  }

  /**
   * S6: no more work, everything sent is resolved, everything accepted is in the heads, and the record says so. The same
   * promise for every caller. When it rejects, the record is left as a crash would leave it, and others recover the log.
   */
  drain(): Promise<void> {
    this.draining ??= this.drainOnce();
    return this.draining;
  }

  /** Lets go of everything, drained or not, and also after a failed start. */
  async close(): Promise<void> {
    this.stopping = true;
    this.running = undefined;
    for (const close of this.closers.splice(0).reverse()) await close();
  }

  private async drainOnce(): Promise<void> {
    this.stopping = true;
    const { running } = this;
    if (running === undefined) return;
    await running.maintenance.stop();
    try {
      await running.access.databases.drain();
    } finally {
      // Also of what is left to others: it is durable all the same.
      await this.recordTheRest(running.usage);
    }
    await running.session.sealClean();
    this.logger.info({ session: running.session.id }, 'session sealed, nothing to recover');
  }

  /** What of it is not recorded then is told by whoever opens the databases next, but for reads. */
  private async recordTheRest(usage: UsageRecorder): Promise<void> {
    try {
      await usage.record();
    } catch (error) {
      this.logger.error({ err: error }, 'the last usage could not be recorded');
    }
  }

  /** A disk that cannot be used is no reason not to serve, but a directory that cannot be is a wrong setting. @throws CacheDirectoryError */
  private async openDiskCache(): Promise<DiskCache | undefined> {
    const { BLOCK_CACHE_DIR: directory, BLOCK_CACHE_DISK_BYTES: capacityBytes } = this.config;
    if (directory === undefined) return undefined;
    const cache = await DiskCache.open(
      { directory, capacityBytes },
      { onOff: (cause) => this.logger.error({ err: cause }, 'the disk cache failed too often and is off') },
    );
    this.closers.push(() => cache.close());
    return cache;
  }

  private onEnded(session: Session): void {
    if (this.stopping) return;
    this.logger.error({ err: session.ended.reason }, 'session lost, the worker ends');
    this.onLost(session.ended.reason);
  }
}
