import type { CommitLogSettings } from '@leasehold/commit-log';
import { CommitLog, COMMIT_LOG_SETTINGS } from '@leasehold/commit-log';
import type { Commit, FlushSettings } from '@leasehold/engine';
import {
  commitOf,
  emptyHead,
  encodeCommits,
  FLUSH_SETTINGS,
  flushInto,
  HeadStore,
  Memtable,
  putEntry,
  sstWriterOfFlush,
} from '@leasehold/engine';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { seededRandom, utf8 } from '@leasehold/foundation';
import type { FakeClock } from '@leasehold/foundation-testing';
import { Session } from '@leasehold/lease';
import type { ObjectStore, SettleContext } from '@leasehold/object-store';

export const TTL_MS = 5_000;
export const RETENTION_MS = 60_000;
/** Rollups come soon. */
const LOG: CommitLogSettings = {
  ...COMMIT_LOG_SETTINGS,
  putsPerSecond: 1_000_000,
  burstPuts: 64,
  hedgeShare: 0,
  foldAtSegments: 6,
};

interface Owned {
  epoch: number;
  sequence: number;
  readonly unflushed: Commit[];
}

export function databaseNamed(number: number): DatabaseId {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as DatabaseId;
}

/** A session with a log that writes to its databases, one commit after the other, and flushes when it is told. */
export class TestWorker {
  readonly log: CommitLog;
  readonly ctx: SettleContext;
  private readonly heads: HeadStore;
  private readonly owned = new Map<DatabaseId, Owned>();

  static async start(store: ObjectStore, clock: FakeClock, seed: number): Promise<TestWorker> {
    const ctx = { store, clock, random: seededRandom(seed) };
    const started = Session.start(ctx, { endpoint: `http://${seed}`, pid: seed, host: 'test', ttlMs: TTL_MS });
    return new TestWorker(ctx, clock, await clock.settle(started));
  }

  private constructor(
    ctx: SettleContext,
    private readonly clock: FakeClock,
    readonly session: Session,
  ) {
    this.ctx = ctx;
    this.heads = new HeadStore(ctx);
    this.log = new CommitLog({ ...ctx, session }, LOG);
  }

  async create(databaseId: DatabaseId): Promise<void> {
    const head = emptyHead({ databaseId, tenantId: 'tenant-a' as TenantId, name: databaseId });
    const options = { ...head.options, retentionMs: RETENTION_MS };
    await this.clock.settle(this.heads.create({ ...head, epoch: 1, owner: this.session.id, options }));
    this.owned.set(databaseId, { epoch: 1, sequence: 0, unflushed: [] });
  }

  /** One commit for each key, together: in one or two segments. */
  async write(databaseId: DatabaseId, keys: readonly string[], value: Uint8Array): Promise<void> {
    await this.clock.settle(Promise.all(keys.map((key) => this.append(databaseId, key, value))));
    await this.clock.advance(1);
  }

  async flush(databaseId: DatabaseId, settings: FlushSettings = FLUSH_SETTINGS): Promise<void> {
    const owned = this.owned.get(databaseId) as Owned;
    const memtable = new Memtable();
    for (const commit of owned.unflushed.splice(0)) memtable.put(commit);
    const frozen = memtable.freeze();
    const base = await this.heads.load(databaseId);
    if (base === undefined) throw new Error('no head');
    const write = sstWriterOfFlush(this.ctx);
    const edit = this.heads.edit(base, (head) => flushInto(head, frozen, settings, write, this.clock.now()));
    if ((await this.clock.settle(edit)).outcome !== 'done') throw new Error('the flush was not applied');
    this.log.flushed(databaseId, owned.epoch, frozen.lastVersion.sequence);
    await this.clock.advance(TTL_MS);
  }

  private append(databaseId: DatabaseId, key: string, value: Uint8Array): Promise<void> {
    const owned = this.owned.get(databaseId) as Owned;
    const { epoch } = owned;
    const sequence = ++owned.sequence;
    const version = { epoch, sequence };
    const committedAt = this.clock.now();
    const expiresAt = committedAt + RETENTION_MS;
    const idempotency = { key: utf8(`${key}-${sequence}`), digest: new Uint8Array(16), version, expiresAt };
    const commit = commitOf(version, [putEntry(utf8(key), version, value)], { committedAt, idempotency });
    owned.unflushed.push(commit);
    const frame = { databaseId, epoch, firstSequence: sequence, lastSequence: sequence };
    return this.log.append({ ...frame, payload: encodeCommits([commit]) });
  }

  /** As on SIGKILL. */
  stop(): void {
    this.session.stop();
  }
}
