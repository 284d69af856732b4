import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, DatabaseId, Random } from '@leasehold/foundation';
import { assert, isLeaseholdError, LeaseholdError } from '@leasehold/foundation';
import type { RollupRange, Session } from '@leasehold/lease';
import type { ObjectStore } from '@leasehold/object-store';
import { drawNonce } from '@leasehold/object-store';

import type { Confirmations } from './confirmations.js';
import { Deletions } from './deletions.js';
import { collectFrames, UnreadableHolderError } from './fold-frames.js';
import type { FoldPlan } from './fold-plan.js';
import { planFold } from './fold-plan.js';
import { settleOwn } from './own-object.js';
import type { Retention } from './retention.js';
import type { RollupName } from './rollup.js';
import { writeRollup } from './rollup.js';

/** L5: no segment is issued while so many lie above the confirmed floor. */
export const LOOSE_LIMIT_SEGMENTS = 512;
/** So many segments that nobody needs are worth a renewal of their own; fewer wait for the next one. */
const RENEW_AT_SEGMENTS = 192;
/** A rollup of 32 MiB takes a hundred milliseconds to encode, which no write should wait for. */
const ENCODED_PER_TURN_BYTES = 1024 * 1024;
/** After a fold that failed. */
const FOLD_AGAIN_MS = 1_000;

export interface LogKeeperContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly session: Session;
}

export interface LogKeeperListener {
  /** The confirmed floor has risen: numbers may be issued that had to wait. */
  floorRose(): void;
  /** A confirmed rollup stands for the frames of these databases up to the segment. */
  folded(databases: Iterable<DatabaseId>, through: number): void;
}

/**
 * Keeps the log short (L5): raises the floor over what nobody needs, rewrites older segments into rollups, and deletes what
 * neither floor nor record speak of any more, in this order (S6):
 *
 *     rollup created → confirmed → ONE renewal: named, floor above it, merged ones no longer named → confirmed → deletes
 *
 * A floor that only rises over needless segments rides on a renewal that is sent anyway. One fold at a time.
 */
export class LogKeeper {
  private readonly deletions: Deletions;
  private trimming: 'riding' | 'soon' | undefined;
  private folding = false;
  private deletedBelow: number;

  constructor(
    private readonly ctx: LogKeeperContext,
    private readonly retention: Retention,
    private readonly confirmations: Confirmations,
    private readonly listener: LogKeeperListener,
    private readonly foldAtSegments: number,
  ) {
    assert(foldAtSegments >= 1 && foldAtSegments < LOOSE_LIMIT_SEGMENTS, 'segments are folded before their limit');
    this.deletions = new Deletions(ctx.store);
    this.deletedBelow = ctx.session.floor;
  }

  /** The lowest segment that is unconfirmed, or loose and needed. */
  get floor(): number {
    return this.retention.floor((segment) => this.confirmations.has(segment));
  }

  /** Looks whether there is something to do. */
  wake(): void {
    if (this.ctx.session.ended.aborted) return;
    this.trim();
    if (!this.folding && this.confirmations.confirmedThrough - this.floor + 1 >= this.foldAtSegments) void this.fold();
  }

  private trim(): void {
    const { session } = this.ctx;
    const { floor } = this;
    const soon = floor - session.floor >= RENEW_AT_SEGMENTS;
    if (this.trimming === 'soon' || (this.trimming === 'riding' && !soon)) return;
    // What is being merged goes when the merge is named.
    const dropped = this.folding ? [] : this.retention.dropNeedless();
    if (floor <= session.floor && dropped.length === 0) return;
    const trimming = (this.trimming = soon ? 'soon' : 'riding');
    const rollups = dropped.length > 0 ? this.names() : undefined;
    session.raiseFloor(floor, { soon, rollups }).then(
      () => {
        if (this.trimming === trimming) this.trimming = undefined;
        this.passed(dropped);
        this.wake();
      },
      // The session ended: whoever recovers its log removes it as well.
      () => undefined,
    );
  }

  private async fold(): Promise<void> {
    const { clock, session } = this.ctx;
    this.folding = true;
    let again = true;
    try {
      again = await this.foldOnce();
    } catch (error) {
      if (session.ended.aborted) return;
      if (error instanceof UnreadableHolderError) this.retention.markUnreadable(error.segment);
      else if (isLeaseholdError(error, 'unavailable'))
        await clock.sleep(FOLD_AGAIN_MS, session.ended).catch(() => undefined);
      // A bug, or another's bytes at our rollup's name: nothing that is written from here on could be trusted.
      else return session.fail(error as Error);
    }
    this.folding = false;
    if (again) this.wake();
  }

  /** @returns false when there was nothing that could be folded */
  private async foldOnce(): Promise<boolean> {
    const { retention, ctx } = this;
    const { session } = ctx;
    const loose = [...retention.looseFrom(this.floor, this.confirmations.confirmedThrough)];
    const plan = planFold(retention.rollups, loose);
    if (plan === undefined) return false;
    const range = rangeOf(plan);
    const name = { sessionId: session.id, ...range };
    const body = await retention.keeping(range, () => this.writtenOf(name, plan));
    if (body !== undefined) {
      const created = await settleOwn(ctx, bucketLayout.rollup(session.id, range.from, range.to), body);
      if (created.outcome !== 'done')
        throw new LeaseholdError('internal', 'log-conflict', `rollup holds bytes of somebody else: ${session.id}`);
    }
    session.ended.throwIfAborted();
    // From here on every list of rollups that is named holds this one, and what it replaces is in none.
    retention.fold(range, body?.byteLength);
    await session.raiseFloor(range.to + 1, { rollups: this.names(), soon: true });
    this.listener.folded(
      plan.loose.flatMap((segment) => segment.frames.map(({ databaseId }) => databaseId)),
      range.to,
    );
    this.passed(plan.rollups);
    return true;
  }

  /** The rollup; undefined: nothing is to go into it. */
  private async writtenOf(name: RollupName, plan: FoldPlan): Promise<Uint8Array | undefined> {
    const { store, random } = this.ctx;
    const frames = await collectFrames(store, name.sessionId, plan, this.retention);
    return frames.length === 0 ? undefined : this.encode(writeRollup(name, drawNonce(random), frames));
  }

  /** Lets others have their turn now and then: writes wait for their answers meanwhile. */
  private async encode(writing: Generator<number, Uint8Array, void>): Promise<Uint8Array> {
    const { clock, session } = this.ctx;
    let turnBeganBytes = 0;
    for (;;) {
      const step = writing.next();
      if (step.done === true) return step.value;
      if (step.value - turnBeganBytes < ENCODED_PER_TURN_BYTES) continue;
      turnBeganBytes = step.value;
      await clock.sleep(0, session.ended);
    }
  }

  /** A confirmed renewal says so: these rollups, and everything below its floor, are nothing any more. */
  private passed(rollups: readonly RollupRange[]): void {
    const { session } = this.ctx;
    const keys = rollups.map(({ from, to }) => bucketLayout.rollup(session.id, from, to));
    for (; this.deletedBelow < session.floor; this.deletedBelow++)
      keys.push(bucketLayout.segment(session.id, this.deletedBelow));
    this.deletions.add(keys);
    this.listener.floorRose();
  }

  private names(): readonly RollupRange[] {
    return this.retention.rollups.map(({ from, to }) => ({ from, to }));
  }
}

function rangeOf({ rollups, loose }: FoldPlan): RollupRange {
  const from = rollups[0]?.from ?? (loose[0]?.number as number);
  const to = loose.at(-1)?.number ?? (rollups.at(-1)?.to as number);
  return { from, to };
}
