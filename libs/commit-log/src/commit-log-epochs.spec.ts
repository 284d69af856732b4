import { describe, expect, it } from '@jest/globals';
import type { DatabaseId, Random } from '@leasehold/foundation';
import { assert, isLeaseholdError, seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { SessionContext } from '@leasehold/lease';
import { Session } from '@leasehold/lease';
import { MemoryStore, reliableReads } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import { closeLog } from './close-log.js';
import type { ClosedLog } from './closed-log.js';
import { readTail } from './closed-log.js';
import { CommitLog } from './commit-log.js';
import { COMMIT_LOG_SETTINGS } from './commit-log-settings.js';
import type { Frame } from './frame.js';

/**
 * A session that claims its own databases again and again (P2), each time with its own durable tail, and flushes and trims in between,
 * on a failing store; now and then its process stands still. Three contenders close its log at a random moment. Complements
 * commit-log-crash.spec.ts, in which databases keep one epoch.
 */
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);
const DATABASES = 4;
const TURNS = 30;
const TTL_MS = 900;

/** One database as its head and its clients know it. */
class Claimed {
  epoch = 1;
  /** Contained in the head. */
  head = 0;
  accepted = 0;
  acknowledged = 0;
  claims = 0;
  private readonly payloads = new Map<number, string>();

  constructor(
    readonly id: DatabaseId,
    private readonly log: CommitLog,
    private readonly random: Random,
  ) {}

  /** Accepts one frame of one to three commits. */
  append(): void {
    const firstSequence = this.accepted + 1;
    const lastSequence = firstSequence + Math.floor(this.random.fraction() * 3);
    const text = `${this.id} ${this.epoch}.${firstSequence}`.padEnd(60 + (firstSequence % 90));
    const append = { databaseId: this.id, epoch: this.epoch, firstSequence, lastSequence, payload: Buffer.from(text) };
    this.payloads.set(firstSequence, text);
    this.accepted = lastSequence;
    this.log.append(append).then(
      () => {
        assert(lastSequence > this.acknowledged, 'acknowledged out of order');
        this.acknowledged = lastSequence;
      },
      () => undefined,
    );
  }

  flush(): void {
    this.head = Math.max(this.head, this.acknowledged);
    this.log.flushed(this.id, this.epoch, this.head);
  }

  async claimAgain(): Promise<void> {
    const { epoch } = this;
    const tail = await this.log.ownTail(this.id, epoch, this.head);
    this.head = this.endOf(tail);
    assert(this.head === this.accepted, `own tail ends at ${this.head}, accepted were ${this.accepted}`);
    this.epoch++;
    this.claims++;
    this.log.flushed(this.id, epoch, this.head);
  }

  /** The last sequence of a tail that continues the head without a gap and with the right content. */
  endOf(tail: readonly Frame[]): number {
    return tail.reduce((end, { firstSequence, lastSequence, payload }) => {
      assert(firstSequence <= end + 1 && lastSequence > end, `frame ${firstSequence} does not continue ${end}`);
      assert(Buffer.from(payload).toString() === this.payloads.get(firstSequence), `other content at ${firstSequence}`);
      return lastSequence;
    }, this.head);
  }
}

async function repeatedly<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLeaseholdError(error, 'unknown') || tries === 20) throw error;
    }
  }
}

async function write(database: Claimed, session: Session, clock: FakeClock, random: Random): Promise<void> {
  for (let turn = 0; turn < TURNS && !session.ended.aborted; turn++) {
    for (let frames = 1 + Math.floor(random.fraction() * 3); frames > 0; frames--) database.append();
    const next = random.fraction();
    if (next < 0.5) await clock.sleep(random.fraction() * 80);
    else if (next < 0.55) await clock.sleep(2 * TTL_MS);
    else if (next < 0.65) {
      await database.claimAgain().catch((error: unknown) => {
        if (!session.ended.aborted) throw error;
      });
    } else if (next < 0.85) database.flush();
  }
}

async function run(seed: number): Promise<{ claims: number; acknowledged: number; trimmed: number }> {
  const random = seededRandom(seed);
  const clock = new FakeClock();
  const memory = new MemoryStore(clock);
  const storeOf = (salt: number, scale: number): FaultyStore => {
    const rates = { 'fail-before': 0.06, 'fail-after': 0.06, late: 0.06, refuse: 0.02 };
    const scaled = Object.fromEntries(Object.entries(rates).map(([fault, rate]) => [fault, rate * scale]));
    return new FaultyStore(memory, clock, seededRandom(seed * 1_000 + salt), { ...scaled, delay: 0.5 });
  };
  const own = storeOf(0, 2 * random.fraction());
  const ctx: SessionContext = { store: reliableReads(own, clock, random), clock, random };
  const settings = { endpoint: 'http://a', pid: 1, host: 'a', ttlMs: TTL_MS };
  const session = await clock.settle(repeatedly(() => Session.start(ctx, settings)));
  const maxSegmentBytes = 300 + Math.floor(random.fraction() * 700);
  const foldAtSegments = 1 + (seed % 10);
  const heldBytes = (seed % 3) * 300;
  const log = new CommitLog(
    { ...ctx, session },
    { ...COMMIT_LOG_SETTINGS, maxSegmentBytes, maxInFlight: 64, foldAtSegments, heldBytes },
  );
  const databases = Array.from(
    { length: DATABASES },
    (_, i) => new Claimed(`00000000-0000-4000-8000-00000000000${i}` as DatabaseId, log, random),
  );
  const writing = Promise.all(databases.map((database) => write(database, session, clock, random)));
  writing.catch(() => undefined);

  const closing = Promise.all(
    [1, 2, 3].map(async (salt): Promise<ClosedLog> => {
      await clock.sleep(200 + (seed % 17) * 150 + salt * 40 * random.fraction());
      const store = reliableReads(storeOf(salt, 1 + (salt % 2)), clock, random, {
        maxAttempts: 50,
        timeoutMs: 600_000,
      });
      return repeatedly(() => closeLog({ store, clock, random: seededRandom(seed * 1_000 + 10 + salt) }, session.id));
    }),
  );
  if (seed % 3 === 0) {
    await clock.advance(150 + (seed % 11) * 100);
    clock.pause(3 * TTL_MS);
  }
  const closed = await clock.settle(closing);
  await clock.settle(writing);
  await clock.advance(4 * TTL_MS);
  assert(session.ended.aborted, 'a zombie meets a seal or its record');
  await own.landAll();
  closed.push(await clock.settle(closeLog({ store: memory, clock, random }, session.id)));

  for (const database of databases) {
    const tailIn = (log: ClosedLog): Promise<readonly Frame[]> =>
      readTail({ store: memory }, log, database.id, database.epoch, database.head);
    const ends = (await Promise.all(closed.map(tailIn))).map((tail) => database.endOf(tail));
    assert(new Set(ends).size === 1, `contenders see different logs: ${ends.join(', ')}`);
    assert((ends[0] ?? 0) >= database.acknowledged, `acknowledged ${database.acknowledged}, recovered ${ends[0]}`);
  }
  const sum = (of: (database: Claimed) => number): number => databases.reduce((total, next) => total + of(next), 0);
  return { claims: sum(({ claims }) => claims), acknowledged: sum((d) => d.acknowledged), trimmed: session.floor - 1 };
}

describe('P2, S3, S4, S6: a session that claims its databases again and again', () => {
  it('loses nothing that was acknowledged, at any epoch', async () => {
    const totals = { claims: 0, acknowledged: 0, trimmed: 0 };
    for (const seed of SEEDS) {
      const { claims, acknowledged, trimmed } = await run(seed).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
      totals.claims += claims;
      totals.acknowledged += acknowledged;
      totals.trimmed += trimmed;
    }
    // Unless all this happened, the above proves little.
    expect(totals.claims).toBeGreaterThan(100);
    expect(totals.acknowledged).toBeGreaterThan(3_000);
    expect(totals.trimmed).toBeGreaterThan(150);
  }, 60_000);
});
