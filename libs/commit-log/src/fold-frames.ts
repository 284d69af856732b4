import type { SessionId } from '@leasehold/foundation';
import { forEachBounded, isLeaseholdError, LeaseholdError } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import type { FoldPlan } from './fold-plan.js';
import type { LogObjectName, ReadLogObject } from './log-object.js';
import { readLogObject } from './log-object.js';
import type { LoggedAppend } from './logged-append.js';
import type { LooseSegment, RetainedRollup, Retention } from './retention.js';
import type { RolledFrame } from './rollup.js';

/** Segments read back at the same time, of at most 4 MiB each unless one commit is larger. */
const CONCURRENT_READS = 8;

/** Needed frames cannot be read back from the object that holds this segment. It stays as it is until heads contain them (L3). */
export class UnreadableHolderError extends LeaseholdError {
  override readonly name = 'UnreadableHolderError';

  constructor(readonly segment: number) {
    super('corrupt', 'corrupt-object', `frames of log segment ${segment} cannot be read back`);
  }
}

/** A frame of which the payload was read back. */
interface ReadBack {
  readonly of: LoggedAppend;
  readonly frame: RolledFrame;
}

/**
 * The frames of a plan that are needed still: from memory where they are kept, else from the store. Each rollup is read whole,
 * but one at a time, and only what is needed of it is kept. What is from memory is good for as long as that is kept (`Retention.keeping`).
 * @throws UnreadableHolderError, StoreUnavailableError
 */
export async function collectFrames(
  store: Pick<ObjectStore, 'get'>,
  sessionId: SessionId,
  plan: FoldPlan,
  retention: Retention,
): Promise<readonly RolledFrame[]> {
  const held: LoggedAppend[] = [];
  const readBack: ReadBack[] = [];
  const unheld: LooseSegment[] = [];
  for (const segment of plan.loose) {
    let isHeld = true;
    for (const append of segment.frames) {
      if (!append.needed) continue;
      if (append.isHeld) held.push(append);
      else isHeld = false;
    }
    if (!isHeld) unheld.push(segment);
  }
  await forEachBounded(unheld, CONCURRENT_READS, async (segment) => {
    addAll(readBack, await readSegmentBack(store, sessionId, segment, retention));
  });
  for (const rollup of plan.rollups) {
    const needed = [...retention.neededIn(rollup)];
    if (needed.every(({ isHeld }) => isHeld)) addAll(held, needed);
    else addAll(readBack, await readRollupBack(store, sessionId, rollup, retention));
  }
  // Flushes went on meanwhile.
  const needed: RolledFrame[] = held.filter((append) => append.needed);
  for (const { of, frame } of readBack) if (of.needed) needed.push(frame);
  return needed;
}

async function readSegmentBack(
  store: Pick<ObjectStore, 'get'>,
  sessionId: SessionId,
  { number, frames }: LooseSegment,
  retention: Retention,
): Promise<ReadBack[]> {
  const missing = new Set(frames.filter(({ isHeld }) => !isHeld));
  const found: ReadBack[] = [];
  for (const { header, payload } of (await readBackObject(store, { sessionId, number }, number)).intact) {
    const of = retention.find(header, number);
    if (of === undefined || !missing.delete(of)) continue;
    // A copy: a view would keep all of the segment in memory until the rollup is written, and there may be hundreds.
    found.push({ of, frame: { ...header, payload: copyOf(payload) } });
  }
  for (const { needed } of missing) if (needed) throw new UnreadableHolderError(number);
  return found;
}

async function readRollupBack(
  store: Pick<ObjectStore, 'get'>,
  sessionId: SessionId,
  rollup: RetainedRollup,
  retention: Retention,
): Promise<ReadBack[]> {
  if (rollup.neededFrames === 0) return [];
  const { from, to } = rollup;
  const found = new Map<LoggedAppend, ReadBack>();
  for (const { header, payload } of (await readBackObject(store, { sessionId, from, to }, from)).intact) {
    const of = retention.find(header, header.segment);
    // A copy: a view would keep all of the old rollup in memory.
    if (of !== undefined) found.set(of, { of, frame: { ...header, payload: copyOf(payload) } });
  }
  if (found.size !== rollup.neededFrames) throw new UnreadableHolderError(from);
  return [...found.values()];
}

async function readBackObject(
  store: Pick<ObjectStore, 'get'>,
  name: LogObjectName,
  segment: number,
): Promise<ReadLogObject> {
  try {
    return await readLogObject(store, name);
  } catch (error) {
    if (isLeaseholdError(error, 'corrupt')) throw new UnreadableHolderError(segment);
    throw error;
  }
}

/** Not `push(...more)`: a rollup may have more frames than a call may have arguments. */
function addAll<T>(list: T[], more: readonly T[]): void {
  for (const one of more) list.push(one);
}

/** Not `Uint8Array.from`, which goes byte by byte. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes);
}
