import type { SessionId } from '@leasehold/foundation';
import { forEachBounded, isLeaseholdError, LeaseholdError } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import type { FoldPlan } from './fold-plan.js';
import type { LogObjectName, ReadLogObject } from './log-object.js';
import { readLogObject } from './log-object.js';
import type { LooseSegment, RetainedFrame, RetainedRollup, Retention } from './retention.js';
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

/**
 * The frames of a plan that are needed still: from memory where they are kept, else from the store. Each rollup is read whole,
 * but one at a time, and only what is needed of it is kept.
 * @throws UnreadableHolderError, StoreUnavailableError
 */
export async function collectFrames(
  store: Pick<ObjectStore, 'get'>,
  sessionId: SessionId,
  plan: FoldPlan,
  retention: Retention,
): Promise<readonly RolledFrame[]> {
  const collected: { readonly retained: RetainedFrame; readonly rolled: RolledFrame }[] = [];
  const readBack: LooseSegment[] = [];
  for (const segment of plan.loose) {
    if (segment.frames.some(({ needed, frame }) => needed && frame === undefined)) readBack.push(segment);
    for (const retained of segment.frames) {
      const { needed, frame } = retained;
      if (needed && frame !== undefined) collected.push({ retained, rolled: { segment: segment.number, frame } });
    }
  }
  await forEachBounded(readBack, CONCURRENT_READS, async (segment) => {
    collected.push(...(await readSegmentBack(store, sessionId, segment, retention)));
  });
  for (const rollup of plan.rollups) collected.push(...(await readRollupBack(store, sessionId, rollup, retention)));
  // Flushes went on meanwhile.
  return collected.filter(({ retained }) => retained.needed).map(({ rolled }) => rolled);
}

async function readSegmentBack(
  store: Pick<ObjectStore, 'get'>,
  sessionId: SessionId,
  { number, frames }: LooseSegment,
  retention: Retention,
): Promise<{ readonly retained: RetainedFrame; readonly rolled: RolledFrame }[]> {
  const missing = new Set(frames.filter(({ frame }) => frame === undefined));
  const found = [];
  for (const { header, payload } of (await readBackObject(store, { sessionId, number }, number)).intact) {
    const retained = retention.find(header, number);
    if (retained === undefined || !missing.delete(retained)) continue;
    // A copy: a view would keep all of the segment in memory until the rollup is written, and there may be hundreds.
    found.push({ retained, rolled: { segment: number, frame: { ...header, payload: copyOf(payload) } } });
  }
  for (const { needed } of missing) if (needed) throw new UnreadableHolderError(number);
  return found;
}

async function readRollupBack(
  store: Pick<ObjectStore, 'get'>,
  sessionId: SessionId,
  rollup: RetainedRollup,
  retention: Retention,
): Promise<{ readonly retained: RetainedFrame; readonly rolled: RolledFrame }[]> {
  if (rollup.neededFrames === 0) return [];
  const { from, to } = rollup;
  const found = new Map<RetainedFrame, RolledFrame>();
  for (const { header, payload } of (await readBackObject(store, { sessionId, from, to }, from)).intact) {
    const { segment, ...rest } = header;
    const retained = retention.find(header, segment);
    // A copy: a view would keep all of the old rollup in memory.
    if (retained !== undefined) found.set(retained, { segment, frame: { ...rest, payload: copyOf(payload) } });
  }
  if (found.size !== rollup.neededFrames) throw new UnreadableHolderError(from);
  return [...found].map(([retained, rolled]) => ({ retained, rolled }));
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

/** Not `Uint8Array.from`, which goes byte by byte. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes);
}
