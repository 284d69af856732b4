import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { unreachable } from '@leasehold/foundation';

import type { HopResult } from './hop-result.js';
import { rendezvousOrder } from './rendezvous.js';
import type { Repetition } from './repetition.js';

/** What a gateway knows when it decides. */
export interface RouteView {
  /** Sessions whose records are fresh. */
  readonly live: readonly SessionId[];
  /** Of those, the ones behind an open breaker. */
  readonly avoid: ReadonlySet<SessionId>;
  /** Since the request arrived. */
  readonly elapsedMs: number;
}

export type RouteStep =
  /** Ask this session; with `waitForOwner`, tell it which owner cannot be reached. */
  | { readonly kind: 'try'; readonly session: SessionId; readonly waitForOwner: SessionId | undefined }
  /** A worker named an owner that the last listing did not show: read its record, then decide again. */
  | { readonly kind: 'look-up'; readonly session: SessionId }
  | { readonly kind: 'wait'; readonly ms: number; readonly reason: WaitReason }
  | { readonly kind: 'give-up'; readonly code: 'owner-unavailable' | 'outcome-unknown' };

export type WaitReason = 'no-live-worker' | 'all-unreachable' | 'not-applied' | 'going-in-circles';

export interface RouteSettings {
  readonly database: DatabaseId;
  readonly repetition: Repetition;
  /** Who answered last for this database. */
  readonly hint: SessionId | undefined;
  /** How long the request may be held. */
  readonly holdMs: number;
}

/** Between looks for a worker to appear: the list of sessions is renewed each second, and the last one soon after a start. */
const NO_WORKER_WAIT_MS = 200;
const RETRY_WAIT_MS = 50;
const MAX_WAIT_MS = 1_000;
/** Redirections followed without a pause. Two workers that name each other disagree for as long as a takeover takes. */
const MAX_REDIRECTIONS = 4;
/** Bound on the whole route, far above what fits into the hold time with the waits above. */
const MAX_STEPS = 5_000;

/**
 * The way of one request to a worker that can serve it. Pure: it is told what happened and decides what is next; the
 * gateway does it.
 *
 * Order of asking: the owner that a worker named, then who answered last, then the workers in the rendezvous order of
 * the database, so that gateways that know nothing agree on who wakes it. A session that cannot be reached or says that it
 * cannot serve is not asked again for now; another one is, told for whose end it has to wait (`waitForOwner`): the lease
 * runs out by itself (S2), and the request is held meanwhile.
 *
 * A mutation without an idempotency key is repeated only after results that prove that it was not applied; a lost one ends as
 * `outcome-unknown`. One with a key is sent again until the hold time ends. From the first loss on only its success is believed
 * ({@link believes}): that a later attempt was refused, or met nobody, says nothing about the lost one, which may still be on its way.
 */
export class Route {
  private readonly shunned = new Set<SessionId>();
  private named: SessionId | undefined;
  /** The name is only our own guess: not worth a look when its session is gone. */
  private guessed = true;
  private lookedUp: SessionId | undefined;
  private unreachableOwner: SessionId | undefined;
  private pause: Extract<RouteStep, { kind: 'wait' }> | undefined;
  private redirections = 0;
  private steps = 0;
  private lost = false;

  constructor(private readonly settings: RouteSettings) {
    this.named = settings.hint;
  }

  next(view: RouteView): RouteStep {
    if (this.lost && this.settings.repetition === 'unsafe') return { kind: 'give-up', code: 'outcome-unknown' };
    if (view.elapsedMs >= this.settings.holdMs || ++this.steps > MAX_STEPS) {
      return { kind: 'give-up', code: this.believes('refusal') ? 'owner-unavailable' : 'outcome-unknown' };
    }
    const step = this.takePause() ?? this.towardsNamed(view) ?? this.towardsAny(view);
    if (step.kind !== 'wait') return step;
    return { ...step, ms: Math.min(step.ms, this.settings.holdMs - view.elapsedMs) };
  }

  /** Tells what the last `try` came to. */
  report(result: HopResult): void {
    switch (result.kind) {
      case 'misdirected':
        return this.redirect(result.from, result.owner);
      case 'unreachable':
        return this.shun(result.from);
      case 'lost':
        this.lost = true;
        return this.shun(result.from);
      case 'not-applied':
        // A draining or expired session still stands in the head until it has released or somebody takes over.
        if (result.code !== 'owner-unavailable') return this.shun(result.from);
        this.reconsiderOwner();
        return this.rest('not-applied', result.retryAfterMs ?? RETRY_WAIT_MS);
      default:
        return unreachable(result);
    }
  }

  /** Whether an answer, or none, says what the request came to. */
  believes(answer: 'success' | 'refusal'): boolean {
    return answer === 'success' || !this.lost || this.settings.repetition === 'harmless';
  }

  private takePause(): RouteStep | undefined {
    const { pause } = this;
    this.pause = undefined;
    return pause;
  }

  private towardsNamed({ live, avoid }: RouteView): RouteStep | undefined {
    const { named } = this;
    if (named === undefined) return undefined;
    if (live.includes(named)) {
      this.named = undefined;
      if (!this.shunned.has(named) && !avoid.has(named)) return this.try(named);
    } else if (!this.guessed && this.lookedUp !== named) {
      this.lookedUp = named;
      return { kind: 'look-up', session: named };
    }
    this.named = undefined;
    this.unreachableOwner = named;
    return undefined;
  }

  private towardsAny({ live, avoid }: RouteView): RouteStep {
    if (live.length === 0) return { kind: 'wait', ms: NO_WORKER_WAIT_MS, reason: 'no-live-worker' };
    const order = rendezvousOrder(this.settings.database, live);
    const session = order.find((id) => !this.shunned.has(id) && !avoid.has(id));
    if (session !== undefined) return this.try(session);
    this.shunned.clear();
    return { kind: 'wait', ms: NO_WORKER_WAIT_MS, reason: 'all-unreachable' };
  }

  private try(session: SessionId): RouteStep {
    const waitForOwner = this.unreachableOwner === session ? undefined : this.unreachableOwner;
    return { kind: 'try', session, waitForOwner };
  }

  private redirect(from: SessionId, owner: SessionId): void {
    this.redirections++;
    this.guessed = false;
    this.lookedUp = undefined;
    // Pointing at oneself, or round and round: somebody is about to learn better.
    if (owner === from || this.redirections > MAX_REDIRECTIONS) {
      this.redirections = 0;
      this.rest('going-in-circles', RETRY_WAIT_MS);
    }
    this.named = owner === from ? undefined : owner;
  }

  private shun(session: SessionId): void {
    this.shunned.add(session);
    this.unreachableOwner = session;
  }

  /** A worker has waited in vain for the owner's end: it lives, and perhaps it can be reached again. */
  private reconsiderOwner(): void {
    if (this.unreachableOwner === undefined) return;
    this.shunned.delete(this.unreachableOwner);
    this.named = this.unreachableOwner;
    this.guessed = true;
  }

  private rest(reason: WaitReason, ms: number): void {
    this.pause = { kind: 'wait', reason, ms: Math.min(Math.max(ms, RETRY_WAIT_MS), MAX_WAIT_MS) };
  }
}
