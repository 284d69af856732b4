import { assert, equalBytes, isLeaseholdError } from '@leasehold/foundation';
import type { Clock, Random } from '@leasehold/foundation';

import { Backoff } from './backoff.js';
import { TRAIL_NONCES } from './edit-trail.js';
import type { EditTrail } from './edit-trail.js';
import type { ObjectStore, PutCondition, PutOutcome, StoredObject } from './object-store.js';
import { READS_OF_DAMAGED } from './read-decoded.js';
import { StoreUnavailableError, UnknownOutcomeError } from './store-errors.js';

export const SETTLE_TIMEOUT_MS = 30_000;

export interface SettleContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the attempts; unless the outcome is clear by then, it stays unknown. */
  readonly signal?: AbortSignal;
  /** For all attempts together; {@link SETTLE_TIMEOUT_MS} by default. */
  readonly timeoutMs?: number;
  /**
   * For the first attempt: an answer that takes longer is given up and asked for again. Each time that happens the next may take twice as
   * long, so that a store which is slow for everybody still gets to answer. Absent: as long as the store lets it take.
   */
  readonly attemptTimeoutMs?: number;
}

export type CreateOutcome =
  { readonly outcome: 'done'; readonly etag: string } | { readonly outcome: 'exists'; readonly object: StoredObject };

export type SwapOutcome =
  | { readonly outcome: 'done'; readonly etag: string }
  /** Ours was applied, then edited again by somebody who had seen it. */
  | { readonly outcome: 'superseded'; readonly current: StoredObject }
  /** Ours was not applied and never will be. */
  | { readonly outcome: 'refused'; readonly current: StoredObject | undefined };

export interface SwapOptions {
  /** `create` for the first edit of a mutable object. */
  readonly condition: PutCondition;
  /** Of this edit; `trailOf(body).nonces[0]`. */
  readonly nonce: string;
  /** Edits of the object that the condition names; 0 with `create`. */
  readonly baseEdits: number;
  readonly trailOf: (body: Uint8Array) => EditTrail;
}

/**
 * Creates an object that is never edited, and learns whether it did (P1). `body` must be unique to this writer (carry a nonce or an id),
 * because an object of equal bytes is taken for one's own. Mutable objects are created with {@link settleSwap}.
 *
 * When it resolves with `done` the object is durable. Repeating after an error is safe with identical bytes.
 * @throws UnknownOutcomeError when time or signal ended it first, or when a creation of unknown outcome was followed by a deletion.
 */
export function settleCreate(ctx: SettleContext, key: string, body: Uint8Array): Promise<CreateOutcome> {
  return Settlement.run(ctx, async (settlement): Promise<CreateOutcome> => {
    for (;;) {
      const answer = await settlement.put(key, body, 'create');
      if (answer.outcome === 'done') return answer;
      let object = await settlement.read(key);
      const isOwn = object !== undefined && equalBytes(object.body, body);
      if (object && !isOwn && (settlement.afterUnknown || object.sizeBytes === body.byteLength)) {
        // One's own object that was damaged on its way looks like another's: what two readings agree on is believed.
        const again = await settlement.read(key);
        if (again && equalBytes(again.body, body)) return { outcome: 'done', etag: again.etag };
        if (again && (again.body.byteLength !== again.sizeBytes || !equalBytes(again.body, object.body))) {
          await settlement.pause('two readings of one object differ');
          continue;
        }
        object = again;
      }
      if (object) return isOwn ? { outcome: 'done', etag: object.etag } : { outcome: 'exists', object };
      // Somebody deleted what was in the way. It may have been ours: creating it anew would resurrect what was deleted.
      if (settlement.afterUnknown) throw new UnknownOutcomeError('object was deleted before its creation was settled');
      await settlement.pause('object in the way was deleted');
    }
  });
}

/**
 * One edit of a mutable object, and whether it was applied (P1): unknown is repeated with identical bytes and condition; refused after
 * unknown is settled by looking for the own nonce among the last 16 of the present object. An old value proves nothing and is tried again.
 *
 * When it resolves with `done` or `superseded` the edit is (or was) durable.
 * @throws UnknownOutcomeError when time or signal ended it first, when more than 16 edits have followed the base, or when the object is gone;
 *   CorruptBytesError when it was refused at once, and what is in the way stays unreadable
 */
export function settleSwap(
  ctx: SettleContext,
  key: string,
  body: Uint8Array,
  options: SwapOptions,
): Promise<SwapOutcome> {
  const { condition, nonce, baseEdits, trailOf } = options;
  assert(condition !== 'create' || baseEdits === 0, 'a new object has no edits before it');
  return Settlement.run(ctx, async (settlement): Promise<SwapOutcome> => {
    for (let damaged = 0; ;) {
      const answer = await settlement.put(key, body, condition);
      if (answer.outcome === 'done') return answer;
      const current = await settlement.read(key);
      if (!current) {
        // Absent: a lone refusal of a match is final; otherwise ours may have been applied and deleted since.
        if (settlement.afterUnknown) throw new UnknownOutcomeError('object was deleted before its edit was settled');
        if (condition !== 'create') return { outcome: 'refused', current: undefined };
        await settlement.pause('object in the way was deleted');
        continue;
      }
      let verdict: ReturnType<typeof judgeEdit>;
      try {
        verdict = judgeEdit(current, nonce, baseEdits, condition, trailOf, settlement.afterUnknown);
      } catch (error) {
        if (!isLeaseholdError(error, 'corrupt')) throw error;
        if (++damaged === READS_OF_DAMAGED) {
          if (!settlement.afterUnknown) throw error;
          throw new UnknownOutcomeError('what could tell of an edit is damaged', { cause: error });
        }
        await settlement.pause(error);
        continue;
      }
      if (verdict === 'done') return { outcome: 'done', etag: current.etag };
      if (verdict !== 'again') return { outcome: verdict, current };
      await settlement.pause('store refuses a condition that holds');
    }
  });
}

/** What the present object tells about an edit whose last attempt was refused. */
function judgeEdit(
  current: StoredObject,
  nonce: string,
  baseEdits: number,
  condition: PutCondition,
  trailOf: (body: Uint8Array) => EditTrail,
  afterUnknown: boolean,
): 'done' | 'superseded' | 'refused' | 'again' {
  // The store contradicts itself: the condition holds, so an attempt of ours can still land.
  if (condition !== 'create' && current.etag === condition.match) return 'again';
  const trail = trailOf(current.body);
  const at = trail.nonces.indexOf(nonce);
  if (at === 0) return 'done';
  if (at > 0) return 'superseded';
  if (afterUnknown && trail.edits - baseEdits > TRAIL_NONCES) {
    throw new UnknownOutcomeError(`more than ${TRAIL_NONCES} edits followed, the trail no longer tells of this one`);
  }
  return 'refused';
}

/** The attempts at one put: their time, their pauses, and whether any of them had an unclear answer. */
class Settlement {
  afterUnknown = false;
  private readonly abort = new AbortController();
  private readonly backoff: Backoff;
  private readonly deadlineMs: number;
  private attemptTimeoutMs: number | undefined;

  private constructor(private readonly ctx: SettleContext) {
    this.backoff = new Backoff(ctx.random);
    this.attemptTimeoutMs = ctx.attemptTimeoutMs;
    this.deadlineMs = ctx.clock.monotonic() + (ctx.timeoutMs ?? SETTLE_TIMEOUT_MS);
  }

  static async run<T>(ctx: SettleContext, body: (settlement: Settlement) => Promise<T>): Promise<T> {
    const settlement = new Settlement(ctx);
    const stop = (): void => settlement.abort.abort(ctx.signal?.reason);
    const timer = ctx.clock.schedule(ctx.timeoutMs ?? SETTLE_TIMEOUT_MS, () => settlement.abort.abort());
    ctx.signal?.addEventListener('abort', stop, { once: true });
    if (ctx.signal?.aborted) stop();
    try {
      return await body(settlement);
    } finally {
      timer.cancel();
      ctx.signal?.removeEventListener('abort', stop);
    }
  }

  /** Until the store says done or refused. */
  async put(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
  ): Promise<Exclude<PutOutcome, { outcome: 'unknown' }>> {
    for (;;) {
      const answer = await this.attempt((signal) => this.ctx.store.put(key, body, condition, { signal }));
      if (answer.outcome !== 'unknown') return answer;
      this.afterUnknown = true;
      await this.pause(answer.cause);
    }
  }

  async read(key: string): Promise<StoredObject | undefined> {
    for (;;) {
      try {
        const object = await this.attempt((signal) => this.ctx.store.get(key, { signal }));
        assert(object !== 'not-modified', 'an unconditional read has a body');
        return object;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await this.pause(error);
      }
    }
  }

  private async attempt<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeoutMs = this.attemptTimeoutMs;
    if (timeoutMs === undefined) return call(this.abort.signal);
    const one = new AbortController();
    const timer = this.ctx.clock.schedule(timeoutMs, () => {
      this.attemptTimeoutMs = timeoutMs * 2;
      one.abort(new Error(`no answer within ${timeoutMs} ms`));
    });
    try {
      return await call(AbortSignal.any([this.abort.signal, one.signal]));
    } finally {
      timer.cancel();
    }
  }

  /** @throws UnknownOutcomeError when no time is left. */
  async pause(cause: unknown): Promise<void> {
    const pauseMs = this.backoff.nextMs();
    const inTime = this.ctx.clock.monotonic() + pauseMs < this.deadlineMs;
    if (inTime && !this.abort.signal.aborted) {
      await this.ctx.clock.sleep(pauseMs, this.abort.signal).catch(() => undefined);
    }
    if (!inTime || this.abort.signal.aborted)
      throw new UnknownOutcomeError('a conditional put had no clear answer in time', { cause });
  }
}
