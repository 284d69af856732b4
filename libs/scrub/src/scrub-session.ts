import { bucketLayout } from '@leasehold/bucket-layout';
import { mapSegment, SEAL_BYTES } from '@leasehold/commit-log';
import type { SessionId } from '@leasehold/foundation';
import { forEachBounded } from '@leasehold/foundation';
import type { SessionRecord } from '@leasehold/lease';
import { decodeSessionRecord } from '@leasehold/lease';
import type { ListedObject } from '@leasehold/object-store';

import type { ScrubContext } from './context.js';
import { LogLook } from './log-look.js';
import { readDecoded } from './read-decoded.js';
import type { Suspicions } from './suspicions.js';
import { suspicionsOf } from './suspicions.js';
import type { Tally } from './tally.js';
import { listObjects } from './walk-bucket.js';

const SEALS_AT_ONCE = 16;

/**
 * One session: its record, and what counts of its log. A log without a record was purged: its seals stay, and nobody needs the rest (S5).
 * @param listed objects of its log, as the walk met them; it is counted by them
 * @throws StoreUnavailableError
 */
export async function scrubSession(
  ctx: ScrubContext,
  sessionId: SessionId,
  listed: readonly ListedObject[],
  tally: Tally,
): Promise<void> {
  tally.sessions++;
  const scrub = new SessionScrub(ctx, sessionId, listed);
  const suspicions = await suspicionsOf(() => scrub.look());
  for (const [name, { kind, why }] of suspicions) tally[kind](name, why);
  if (scrub.isUnclosed) tally.unclosed++;
  for (const object of listed) {
    const orphaned = scrub.whyOrphaned(object);
    if (orphaned === undefined) tally.reference(suspicions.get(object.key)?.kind === 'missing' ? 0 : 1);
    else tally.orphan(object, orphaned);
  }
}

class SessionScrub {
  isUnclosed = false;
  /** As it was last seen: `unreadable` tells nothing. */
  private record: SessionRecord | 'absent' | 'unreadable' = 'absent';
  private looks = 0;

  constructor(
    private readonly ctx: ScrubContext,
    private readonly sessionId: SessionId,
    private readonly listed: readonly ListedObject[],
  ) {}

  async look(): Promise<Suspicions> {
    const { ctx, sessionId } = this;
    const objects = this.looks++ === 0 ? this.listed : await this.list();
    const name = bucketLayout.session(sessionId);
    const found = await readDecoded(ctx, name, (body) => decodeSessionRecord(body, sessionId));
    this.isUnclosed = false;
    if (found === undefined) this.record = 'absent';
    else this.record = 'why' in found ? 'unreadable' : found.value;
    if (found !== undefined && 'why' in found) return new Map([[name, { kind: 'corrupt', why: found.why }]]);
    if (found === undefined) return this.lookAtSeals(objects);
    const look = new LogLook(ctx, { record: found.value, objects });
    await look.run();
    this.isUnclosed = found.value.state === 'sealed' && !look.isClosed;
    return look.found;
  }

  /** Why nobody needs a listed object; undefined when somebody does, or when the record that would tell cannot be read. */
  whyOrphaned({ key, sizeBytes }: ListedObject): string | undefined {
    const { record, sessionId } = this;
    const number = bucketLayout.parseSegment(sessionId, key);
    const rollup = bucketLayout.parseRollup(sessionId, key);
    if (number === undefined && rollup === undefined) return 'nothing is known under such a name';
    if (record === 'unreadable' || (number !== undefined && sizeBytes === SEAL_BYTES)) return undefined;
    if (record === 'absent') return 'its session has no record';
    if (number !== undefined) return number < record.floor ? `it lies below the floor ${record.floor}` : undefined;
    const isNamed = record.rollups.some(({ from, to }) => from === rollup?.from && to === rollup.to);
    return isNamed ? undefined : 'the session record does not name it';
  }

  /** They outlive the rest (S5), so that no segment can come to be where one was closed. */
  private async lookAtSeals(objects: readonly ListedObject[]): Promise<Suspicions> {
    const found: Suspicions = new Map();
    await forEachBounded(objects, SEALS_AT_ONCE, async ({ key, sizeBytes }) => {
      const number = bucketLayout.parseSegment(this.sessionId, key);
      if (number === undefined || sizeBytes !== SEAL_BYTES) return;
      const seal = await readDecoded(this.ctx, key, (body) => mapSegment({ sessionId: this.sessionId, number }, body));
      if (seal === undefined) found.set(key, { kind: 'missing', why: 'a seal stays for ever' });
      else if ('why' in seal) found.set(key, { kind: 'corrupt', why: seal.why });
    });
    return found;
  }

  private async list(): Promise<readonly ListedObject[]> {
    const objects: ListedObject[] = [];
    for await (const object of listObjects(this.ctx.store, bucketLayout.log(this.sessionId), this.ctx.signal))
      objects.push(object);
    return objects;
  }
}
