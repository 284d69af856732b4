import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId } from '@leasehold/foundation';
import { assert, forEachBounded, LeaseholdError } from '@leasehold/foundation';
import type { SealOptions, SessionContext, SessionRecord } from '@leasehold/lease';
import { decodeSessionRecord, sealRecord } from '@leasehold/lease';
import type { ListedObject } from '@leasehold/object-store';
import { drawNonce, settleCreate } from '@leasehold/object-store';

import { ClosedLog } from './closed-log.js';
import type { LogCache } from './log-cache.js';
import type { SegmentKind } from './log-inventory.js';
import { LogInventory, WINDOW_SEGMENTS } from './log-inventory.js';
import { readLogObject } from './log-object.js';
import type { LogSource } from './log-source.js';
import { encodeSeal, SEAL_BYTES } from './segment.js';

/** Requests of one closing that are under way at the same time. */
const CONCURRENT_REQUESTS = WINDOW_SEGMENTS;
/** A million objects: far more than a session may leave (L5), with all that landed late below its floor. */
const LIST_PAGES_LIMIT = 1_000;
/** Each lost number is one that the session still filled with data; it stops within its ttl, refused at its record. */
const ROUNDS_LIMIT = 10_000;

export interface CloseOptions extends SealOptions {
  /** Where the closed log keeps what it has read; by default one that all logs of the store share. */
  readonly cache?: LogCache;
}

/**
 * Ends a session and closes its log (S3): seals the record, then creates a seal at the lowest absent number and at
 * every absent one of the 63 after the lowest seal. The session cannot get past them, because it issues number n only
 * when all ≤ n − 64 are confirmed. When it resolves, everybody who closes or reads this log sees the same segments, for
 * ever.
 *
 * Idempotent, and safe in several contenders at once: they meet each other's seals as their own.
 *
 * @param options.observedEtag see `sealRecord`: closes only a session that has not renewed since it was seen silent
 * @returns an empty log when the session's record is absent or clean: ended, nothing to recover (S5)
 * @throws SessionResumedError; UnknownOutcomeError and StoreUnavailableError, after which
 *   closing may be repeated
 */
export async function closeLog(
  ctx: SessionContext,
  sessionId: SessionId,
  options: CloseOptions = {},
): Promise<ClosedLog> {
  const record = await sealRecord(ctx, sessionId, options);
  if (record === undefined || record.state === 'clean') return ClosedLog.empty(sessionId);
  // Listed only now: before the record was sealed the floor could still rise past what the listing shows.
  const taken = await takeInventory(ctx, record);
  await sealWindow(ctx, sessionId, taken.inventory, options.signal);
  return closedLog(record, taken, options.cache);
}

/** The log of a sealed session, if it is closed already; changes nothing. @throws StoreUnavailableError */
export async function openClosedLog(
  ctx: Pick<SessionContext, 'store'>,
  record: SessionRecord,
): Promise<ClosedLog | undefined> {
  assert(record.state === 'sealed', 'only the log of a sealed session is closed');
  const taken = await takeInventory(ctx, record);
  return taken.inventory.closed ? closedLog(record, taken) : undefined;
}

function closedLog(
  { sessionId, floor }: SessionRecord,
  { inventory, rollups }: TakenInventory,
  cache?: LogCache,
): ClosedLog {
  assertNothingBehind(inventory, sessionId);
  const segments = inventory.dataSegments.map((number) => ({
    sessionId,
    number,
    sizeBytes: inventory.sizeBytesOf(number),
  }));
  return new ClosedLog(sessionId, floor, [...rollups, ...segments], cache);
}

async function sealWindow(
  ctx: SessionContext,
  sessionId: SessionId,
  inventory: LogInventory,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let round = 0; !inventory.closed; round++) {
    if (round >= ROUNDS_LIMIT) {
      throw new LeaseholdError('unavailable', 'session-busy', `log grows faster than it can be sealed: ${sessionId}`);
    }
    await forEachBounded(inventory.toSeal, CONCURRENT_REQUESTS, async (number) => {
      const { kind, sizeBytes } = await createSeal(ctx, sessionId, number, signal);
      inventory.add(number, kind, sizeBytes);
    });
    // The session still puts, several at a time. One look finds them all; number by number it would get ahead, and stay there.
    if (inventory.lowestSeal === undefined) await look(ctx, sessionId, inventory);
  }
}

/** True when the session has ended for good: its record is absent or clean, or its log is closed. Changes nothing. @throws StoreUnavailableError */
export async function isClosed(ctx: SessionContext, sessionId: SessionId): Promise<boolean> {
  const object = await ctx.store.get(bucketLayout.session(sessionId));
  if (object === undefined || object === 'not-modified') return true;
  const record = decodeSessionRecord(object.body, sessionId);
  if (record.state !== 'sealed') return record.state === 'clean';
  return (await openClosedLog(ctx, record)) !== undefined;
}

/** No session that keeps S4 can have written behind the window; if one did, somebody may have been told so. */
function assertNothingBehind(inventory: LogInventory, sessionId: SessionId): void {
  const last = inventory.dataSegments.at(-1) ?? 0;
  if (last < (inventory.lowestSeal ?? 0) + WINDOW_SEGMENTS) return;
  throw new LeaseholdError('corrupt', 'log-overrun', `log has data behind its seals: ${sessionId}, segment ${last}`);
}

interface TakenInventory {
  readonly inventory: LogInventory;
  readonly rollups: readonly LogSource[];
}

/** What exists for recovery: the segments from the floor on, and of all rollups those that the record names (S6). */
async function takeInventory(ctx: Pick<SessionContext, 'store'>, record: SessionRecord): Promise<TakenInventory> {
  const { sessionId, floor } = record;
  const inventory = new LogInventory(floor);
  // One that is not listed is still named: reading it will tell that it is missing.
  const rollups = new Map(record.rollups.map(({ from, to }) => [from, { sessionId, from, to, sizeBytes: 0 }]));
  await look(ctx, sessionId, inventory, ({ key, sizeBytes }) => {
    const rollup = bucketLayout.parseRollup(sessionId, key);
    if (rollup === undefined || rollups.get(rollup.from)?.to !== rollup.to) return;
    rollups.set(rollup.from, { sessionId, ...rollup, sizeBytes });
  });
  return { inventory, rollups: [...rollups.values()] };
}

/** Adds the segments from the lowest absent one on. Rollups are listed behind them, and passed on. */
async function look(
  ctx: Pick<SessionContext, 'store'>,
  sessionId: SessionId,
  inventory: LogInventory,
  other: (object: ListedObject) => void = () => undefined,
): Promise<void> {
  const maybeSeals: number[] = [];
  let startAfter: string | undefined = bucketLayout.segment(sessionId, inventory.lowestAbsent - 1);
  for (let page = 0; ; page++) {
    if (page >= LIST_PAGES_LIMIT) throw new LeaseholdError('corrupt', 'log-too-long', `log is too long: ${sessionId}`);
    const { objects, truncated } = await ctx.store.list(bucketLayout.log(sessionId), { startAfter });
    for (const object of objects) {
      const number = bucketLayout.parseSegment(sessionId, object.key);
      // Only objects of a seal's size are read: all others are data.
      if (number === undefined) other(object);
      else if (object.sizeBytes === SEAL_BYTES) maybeSeals.push(number);
      else inventory.add(number, 'data', object.sizeBytes);
    }
    startAfter = objects.at(-1)?.key;
    if (!truncated) break;
  }
  await forEachBounded(maybeSeals, CONCURRENT_REQUESTS, async (number) => {
    inventory.add(number, (await readLogObject(ctx.store, { sessionId, number })).kind, SEAL_BYTES);
  });
}

/** What the number holds once this resolves: refused means read it; data is data, and a seal by anyone is a seal. */
async function createSeal(
  ctx: SessionContext,
  sessionId: SessionId,
  number: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly kind: SegmentKind; readonly sizeBytes: number }> {
  const name = { sessionId, number };
  const seal = encodeSeal(name, drawNonce(ctx.random));
  const created = await settleCreate({ ...ctx, signal }, bucketLayout.segment(sessionId, number), seal);
  if (created.outcome === 'done') return { kind: 'seal', sizeBytes: SEAL_BYTES };
  const { sizeBytes } = created.object;
  if (sizeBytes !== SEAL_BYTES) return { kind: 'data', sizeBytes };
  return { kind: (await readLogObject(ctx.store, name)).kind, sizeBytes };
}
