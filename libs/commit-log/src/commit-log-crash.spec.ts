import { describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, Random, SessionId } from '@leasehold/foundation';
import { equalBytes, isLeaseholdError, seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { SessionContext } from '@leasehold/lease';
import { Session } from '@leasehold/lease';
import type { ObjectStore } from '@leasehold/object-store';
import { MemoryStore, reliableReads } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import { closeLog, isClosed } from './close-log.js';
import type { ClosedLog } from './closed-log.js';
import { readTail } from './closed-log.js';
import { CommitLog } from './commit-log.js';
import { COMMIT_LOG_SETTINGS } from './commit-log-settings.js';
import type { Frame } from './frame.js';

/**
 * Whole lives of a session on a failing store: several databases are written, flushed and claimed once more at the next
 * epoch (P2), slow puts are hedged and land late, then contenders close the log at a random moment while the session goes on
 * without knowing. Afterwards every acknowledged commit must be in the recovered tail or in the head, with its own content.
 *
 * A failing seed is repeated with `SEEDS = [seed]`.
 */
const SEEDS = Array.from({ length: 240 }, (_, i) => i + 1);
const DATABASES = 3;
const COMMITS = 24;
const EPOCH = 3;
/** Longer than the ttl: some land when everybody has gone on. */
const SLOWEST_PUT_MS = 2_000;
/** Commits that the heads hold before the session begins. */
const HEAD_SEQUENCE = 100;

interface Written {
  readonly id: DatabaseId;
  /** Of the head. */
  epoch: number;
  /** What the head contains. */
  head: number;
  /** Highest acknowledged. */
  acknowledged: number;
  unknown: number;
  /** Acknowledgements that came out of order. */
  disorder: number;
}

interface Run {
  readonly closed: readonly ClosedLog[];
  readonly databases: readonly Written[];
  readonly faults: number;
  readonly repeatedPuts: number;
  readonly trimmed: number;
  /** Rollups that its record names at its end. */
  readonly rollups: number;
  readonly killedBySeal: boolean;
  readonly beyondAcknowledged: number;
}

/** Puts that take up to seconds, answered or not; one that was given up lands all the same. */
class SlowStore implements ObjectStore {
  readonly keys: string[] = [];

  constructor(
    private readonly inner: ObjectStore,
    private readonly clock: FakeClock,
    private readonly random: Random,
    private readonly slowShare: number,
  ) {}

  get: ObjectStore['get'] = (...call) => this.inner.get(...call);
  list: ObjectStore['list'] = (...call) => this.inner.list(...call);
  delete: ObjectStore['delete'] = (...call) => this.inner.delete(...call);

  put: ObjectStore['put'] = async (key, body, condition) => {
    this.keys.push(key);
    if (this.random.fraction() < this.slowShare) await this.clock.sleep(this.random.fraction() * SLOWEST_PUT_MS);
    return this.inner.put(key, body, condition);
  };
}

const payloadOf = (id: DatabaseId, sequence: number): Uint8Array =>
  Buffer.from(`${id} ${sequence} `.repeat(1 + (sequence % 5)));

async function run(seed: number): Promise<Run> {
  const random = seededRandom(seed);
  const clock = new FakeClock();
  const memory = new MemoryStore(clock);
  const storeOf = (salt: number, scale: number): FaultyStore =>
    new FaultyStore(memory, clock, seededRandom(seed * 1_000 + salt), {
      'fail-before': 0.05 * scale,
      'fail-after': 0.05 * scale,
      late: 0.05 * scale,
      refuse: 0.02 * scale,
      delay: 0.4,
    });
  const stores = [storeOf(0, 2 * random.fraction()), storeOf(1, 1), storeOf(2, 2)];
  const [own, ...others] = stores as [FaultyStore, ...FaultyStore[]];
  // In every other life; where hardly anything is slow, folds and trims have their turn.
  const slow = new SlowStore(own, clock, random, seed % 2 === 0 ? 0.1 : 0.01);
  const ctx = { store: reliableReads(slow, clock, random), clock, random };
  const session = await clock.settle(startRepeatedly(ctx));
  const log = new CommitLog(
    { ...ctx, session },
    {
      ...COMMIT_LOG_SETTINGS,
      maxSegmentBytes: 600,
      maxInFlight: 64,
      hedgeShare: seed % 4 < 2 ? 1 : 0.04,
      foldAtSegments: 1 + (seed % 12),
      heldBytes: (seed % 3) * 400,
    },
  );

  const databases: Written[] = Array.from({ length: DATABASES }, (_, i) => ({
    id: `00000000-0000-4000-8000-00000000000${i}` as DatabaseId,
    epoch: EPOCH,
    head: HEAD_SEQUENCE,
    acknowledged: HEAD_SEQUENCE,
    unknown: 0,
    disorder: 0,
  }));
  const writers = databases.map((database) => write(database, log, session, clock, random));

  const sealAfterMs = random.fraction() * 3_000;
  const contenders = others.map(async (store, i) => {
    await clock.sleep(sealAfterMs + i * random.fraction() * 200);
    const reads = reliableReads(store, clock, random, { maxAttempts: 50, timeoutMs: 600_000 });
    return closeRepeatedly({ store: reads, clock, random: seededRandom(seed * 1_000 + 10 + i) }, session.id);
  });
  const closed = await clock.settle(Promise.all(contenders));

  // The session goes on without knowing, until it meets a seal or its record; then everything abandoned lands.
  await clock.settle(Promise.all(writers));
  await clock.settle(log.idle());
  await clock.advance(SLOWEST_PUT_MS);
  const killedBySeal = session.ended.aborted;
  session.stop();
  for (const store of stores) await store.landAll();
  closed.push(await clock.settle(closeLog({ store: memory, clock, random }, session.id)));

  must(await isClosed({ store: memory, clock, random }, session.id), 'the log is closed');
  let beyondAcknowledged = 0;
  for (const database of databases) beyondAcknowledged += await check(database, closed, memory);
  const faults = stores.reduce((sum, { trace }) => sum + trace.length, 0);
  const segments = slow.keys.filter((key) => bucketLayout.parseSegment(session.id, key) !== undefined);
  return {
    closed,
    databases,
    faults,
    repeatedPuts: segments.length - new Set(segments).size,
    trimmed: session.floor - 1,
    rollups: session.rollups.length,
    killedBySeal,
    beyondAcknowledged,
  };
}

/** In place of `expect`, whose comparisons would take most of the time here. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

async function startRepeatedly(ctx: SessionContext): Promise<Session> {
  for (;;) {
    try {
      return await Session.start(ctx, { endpoint: 'http://a', pid: 1, host: 'a', ttlMs: 900 });
    } catch (error) {
      if (!isLeaseholdError(error, 'unknown')) throw error;
    }
  }
}

/** As its callers do: an unknown outcome is no obstacle, closing is repeated from the start. */
async function closeRepeatedly(ctx: SessionContext, sessionId: SessionId): Promise<ClosedLog> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await closeLog(ctx, sessionId);
    } catch (error) {
      if (!isLeaseholdError(error, 'unknown') || attempt === 20) throw error;
    }
  }
}

async function write(
  database: Written,
  log: CommitLog,
  session: Session,
  clock: FakeClock,
  random: Random,
): Promise<void> {
  for (let i = 1; i <= COMMITS && !session.ended.aborted; i++) {
    const sequence = HEAD_SEQUENCE + i;
    const payload = payloadOf(database.id, sequence);
    const { id: databaseId, epoch } = database;
    const durable = log.append({ databaseId, epoch, firstSequence: sequence, lastSequence: sequence, payload }).then(
      () => {
        // L2: in order, none left out, nothing after the first unknown.
        if (sequence !== database.acknowledged + 1 || database.unknown > 0) database.disorder++;
        database.acknowledged = sequence;
      },
      () => void database.unknown++,
    );
    if (random.fraction() < 0.5) await durable;
    if (random.fraction() < 0.7) await clock.sleep(random.fraction() * 120);
    if (random.fraction() < 0.2) void flush(database, log, clock, random);
    if (random.fraction() < 0.08) await reclaim(database, log, session);
  }
  await log.resolved(database.id);
}

/** A flush takes only what is durable (H5). Its CAS takes time, and so does its answer, after which the log hears of it. */
async function flush(database: Written, log: CommitLog, clock: FakeClock, random: Random): Promise<void> {
  const { epoch, acknowledged } = database;
  await clock.sleep(random.fraction() * 100);
  if (database.epoch !== epoch || database.head > acknowledged) return;
  database.head = acknowledged;
  await clock.sleep(random.fraction() * 100);
  log.flushed(database.id, epoch, acknowledged);
}

/** P2: a session that does not hold what it owns claims it at the next epoch, with its own durable tail. */
async function reclaim(database: Written, log: CommitLog, session: Session): Promise<void> {
  const { id, epoch, head } = database;
  let tail: readonly Frame[];
  try {
    tail = await log.ownTail(id, epoch, head);
  } catch (error) {
    // A flush of before has landed meanwhile: the claim is refused, whatever was read.
    if (session.ended.aborted || database.head !== head || isLeaseholdError(error, 'unavailable')) return;
    throw error;
  }
  if (session.ended.aborted || database.head !== head) return;
  must(
    tail.every(({ firstSequence }, i) => firstSequence === head + 1 + i),
    'the own tail has no gaps',
  );
  must(head + tail.length >= database.acknowledged, 'the own tail has what was acknowledged');
  database.head = head + tail.length;
  database.epoch++;
  log.flushed(id, database.epoch, 0);
}

/** @returns how many commits were recovered that nobody was promised */
async function check(
  { id, epoch, head, acknowledged, disorder }: Written,
  closed: readonly ClosedLog[],
  store: MemoryStore,
): Promise<number> {
  must(disorder === 0, `acknowledged out of order: ${disorder} times`);
  const tails = await Promise.all(closed.map((log) => readTail({ store }, log, id, epoch, head)));
  for (const tail of tails) {
    const last = head + tail.length;
    must(last >= acknowledged, `acknowledged up to ${acknowledged}, recovered up to ${last}`);
    must(last === head + (tails[0]?.length ?? 0), 'contenders see different tails');
    tail.forEach((frame, i) => {
      must(frame.firstSequence === head + 1 + i, `gap at ${frame.firstSequence}`);
      must(equalBytes(frame.payload, payloadOf(id, frame.firstSequence)), `other content at ${frame.firstSequence}`);
    });
  }
  return head + (tails[0]?.length ?? 0) - acknowledged;
}

describe('S1–S4, S6, L1–L3, P1, P2, H5: random lives and deaths of a session', () => {
  it('acknowledged means recovered, for everybody the same', async () => {
    const totals = {
      acknowledged: 0,
      unknown: 0,
      faults: 0,
      reclaims: 0,
      repeatedPuts: 0,
      trimmed: 0,
      rollups: 0,
      killedBySeal: 0,
      gaps: 0,
      beyondAcknowledged: 0,
    };
    for (const seed of SEEDS) {
      const result = await run(seed).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
      for (const { acknowledged, unknown, epoch } of result.databases) {
        totals.acknowledged += acknowledged - HEAD_SEQUENCE;
        totals.unknown += unknown;
        totals.reclaims += epoch - EPOCH;
      }
      const segments = result.closed[0]?.dataSegments ?? [];
      if (segments.some((segment, i) => i > 0 && segment !== (segments[i - 1] ?? 0) + 1)) totals.gaps++;
      totals.faults += result.faults;
      totals.repeatedPuts += result.repeatedPuts;
      totals.trimmed += result.trimmed;
      totals.rollups += result.rollups;
      totals.killedBySeal += Number(result.killedBySeal);
      totals.beyondAcknowledged += result.beyondAcknowledged;
    }
    // Unless all this happened, the above proves little.
    expect(totals.acknowledged).toBeGreaterThan(5_000);
    expect(totals.unknown).toBeGreaterThan(400);
    expect(totals.rollups).toBeGreaterThan(200);
    expect(totals.reclaims).toBeGreaterThan(300);
    expect(totals.repeatedPuts).toBeGreaterThan(1_000);
    expect(totals.faults).toBeGreaterThan(5_000);
    expect(totals.trimmed).toBeGreaterThan(500);
    expect(totals.killedBySeal).toBe(SEEDS.length);
    expect(totals.gaps).toBeGreaterThan(5);
    expect(totals.beyondAcknowledged).toBeGreaterThan(50);
  }, 240_000);

  it('is the same again with the same seed', async () => {
    const [first, second] = [await run(7), await run(7)];
    expect(second.databases).toEqual(first.databases);
    expect(second.closed.map(({ dataSegments }) => dataSegments)).toEqual(
      first.closed.map(({ dataSegments }) => dataSegments),
    );
  });
});
