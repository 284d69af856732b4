import type { Phases, SessionId } from '@leasehold/foundation';
import type { Commit, DatabaseIdentity, DatabaseOptions, Head, HeadSwap, StoredHead } from '@leasehold/engine';
import { emptyHead } from '@leasehold/engine';
import type { SessionStatus } from '@leasehold/lease';
import { SessionResumedError } from '@leasehold/lease';

import type { ClaimDecision } from './claim-decision.js';
import { decideClaim } from './claim-decision.js';
import { coldStartCause } from './cold-start.js';
import type { OwnershipContext } from './context.js';
import { DatabaseDeletedError, MisdirectedError, OwnerUnavailableError, QuarantinedError } from './errors.js';
import type { Cargo } from './first-commit.js';
import { assertSameTenant } from './identity.js';
import type { Aside } from './lanes.js';
import type { Recovery } from './recovery.js';
import { withTail } from './tail.js';

/** Each lost race means that another session made progress; more than this many in a row is not contention but a fault. */
const MAX_CLAIM_ATTEMPTS = 8;

/**
 * The head that was last read on behalf of a claim, so that no claim reads again what was read for it just now.
 *
 * However old it is by the time it is used, nothing rests on its age: whatever is concluded from it is put in a CAS that names its ETag, and
 * so it has stood all the while or the CAS is refused, and the claim goes on from what was in the way (R1). That an owner ended may
 * therefore be seen before or after the head was read. Only a `421` rests on no CAS: it is a hint where to ask, as old as the request that it answers.
 */
export class HeadInHand {
  constructor(private stored?: StoredHead) {}

  /** Used once: what a CAS was refused for is not tried again. */
  take(): StoredHead | undefined {
    const { stored } = this;
    this.stored = undefined;
    return stored;
  }

  keep(stored: StoredHead | undefined): void {
    this.stored = stored;
  }
}

/** How a claim is made, besides for which database. */
export interface ClaimOptions {
  readonly inHand: HeadInHand;
  readonly aside: Aside;
  readonly first?: Cargo;
  /** Of the opening that this is for. */
  readonly phases: Phases;
}

/**
 * Becomes the owner of a database. Resolves with the confirmed head that names this session (P2: no frame is written
 * at an epoch before its claim is confirmed).
 *
 * Each attempt is: GET the head unless it is in hand, decide, and one CAS at epoch + 1 that carries the predecessor's whole durable
 * tail (H3), and where there is a first commit and room for it, that too. A lost race starts again from the new head.
 *
 * @throws MisdirectedError a live session owns it; the head that tells so stays in hand
 * @throws DatabaseDeletedError, QuarantinedError, ForeignDatabaseError
 * @throws OwnerUnavailableError too many lost races; LeaseholdError `unavailable` or `unknown` from the store
 */
export async function claimDatabase(
  ctx: OwnershipContext,
  recovery: Recovery,
  identity: DatabaseIdentity,
  options: ClaimOptions,
): Promise<StoredHead> {
  const claiming = { ...ctx, ...options, recovery };
  for (let attempt = 0; attempt < MAX_CLAIM_ATTEMPTS; attempt++) {
    const claimed = await attemptClaim(claiming, identity);
    if (claimed !== undefined) return claimed;
  }
  throw new OwnerUnavailableError('lost too many races for the database');
}

interface ClaimContext extends OwnershipContext, ClaimOptions {
  readonly recovery: Recovery;
  /** What the database is to have from now on; undefined: what it has. */
  readonly wanted?: DatabaseOptions | undefined;
}

async function attemptClaim(ctx: ClaimContext, identity: DatabaseIdentity): Promise<StoredHead | undefined> {
  ctx.phases.enter('open');
  const stored = ctx.inHand.take() ?? (await ctx.heads.load(identity.databaseId));
  if (stored) assertSameTenant(stored.head, identity);
  const owner = stored?.head.owner;
  const status = owner === undefined ? 'absent' : await ownerStatus(ctx, owner);
  const decision = decideClaim(stored?.head, ctx.session.id, status);
  const claimed =
    stored === undefined
      ? await create(ctx, identity)
      : await advance({ ...ctx, wanted: identity.options }, stored, decision);
  // Applied, and taken over by another since: as good as lost.
  if (claimed === undefined || claimed.head.owner !== ctx.session.id) return undefined;
  ctx.events.claimed(identity.databaseId, owner === ctx.session.id ? undefined : owner);
  ctx.events.coldStart?.({ cause: coldStartCause(stored?.head, ctx.session.id), way: 'claim' });
  return claimed;
}

/**
 * The status of an owner, from the store where memory knows nothing: a session younger than the last listing is
 * absent from it and very much alive.
 */
async function ownerStatus(ctx: OwnershipContext, owner: SessionId): Promise<SessionStatus> {
  const known = ctx.watch.status(owner);
  if (known !== 'absent') return known;
  await ctx.watch.refresh(owner);
  return ctx.watch.status(owner);
}

function create(ctx: ClaimContext, identity: DatabaseIdentity): Promise<StoredHead | undefined> {
  const head = { ...emptyHead(identity), epoch: 1, owner: ctx.session.id };
  return put(ctx, head, (next) => ctx.heads.create(next));
}

async function advance(
  ctx: ClaimContext,
  stored: StoredHead,
  decision: ClaimDecision,
): Promise<StoredHead | undefined> {
  switch (decision.step) {
    case 'create':
    case 'claim':
      return takeOver(ctx, stored, []);
    case 'reclaim':
      return reclaim(ctx, stored);
    case 'recover':
      return recover(ctx, stored, decision.owner);
    case 'misdirect':
      // Whoever waits for the owner's end goes on from it.
      ctx.inHand.keep(stored);
      throw new MisdirectedError(decision.owner, ctx.watch.get(decision.owner)?.record.endpoint ?? '');
    case 'deleted':
      throw new DatabaseDeletedError();
    case 'quarantined':
      throw new QuarantinedError();
  }
}

/** P2: the head names this session, which does not hold the database: its last claim or release had an unclear end. */
async function reclaim(ctx: ClaimContext, stored: StoredHead): Promise<StoredHead | undefined> {
  const tail = await ctx.recovery.ownTailOf(stored);
  const claimed = tail && (await takeOver(ctx, stored, tail));
  // The own log need not keep for recovery what the claim has brought into the head.
  if (claimed) ctx.log.flushed(stored.head.databaseId, stored.head.epoch, claimed.head.lastCommit.sequence);
  return claimed;
}

/**
 * The owner has gone silent, or somebody has sealed it: its log is closed, and its tail goes on from the head.
 *
 * The head was read before the log was closed, and until then the owner could still flush, and trim what it had flushed. That
 * shows in the CAS, and in the CAS of a quarantine: both name the head that was read, so either it has stood all the while
 * or everything begins again from the new one (R1).
 */
async function recover(ctx: ClaimContext, stored: StoredHead, owner: SessionId): Promise<StoredHead | undefined> {
  const { recovery, aside, phases } = ctx;
  try {
    phases.enter('seal');
    const log = await aside(() => recovery.close(owner));
    phases.enter('recover');
    const tail = await recovery.tailOf(log, stored, aside);
    return tail && (await takeOver(ctx, stored, tail));
  } catch (error) {
    if (!(error instanceof SessionResumedError)) throw error;
    // It woke up while it was being sealed: what memory holds of it is old.
    await ctx.watch.refresh(owner);
    return undefined;
  }
}

/** H3: one CAS with the next epoch, the new owner and the predecessor's whole durable tail. Undefined when it was refused. */
async function takeOver(
  ctx: ClaimContext,
  stored: StoredHead,
  tail: readonly Commit[],
): Promise<StoredHead | undefined> {
  ctx.phases.enter('open');
  const contained = await withTail(ctx, stored.head, tail);
  const options = ctx.wanted ?? contained.options;
  const head = { ...contained, options, epoch: stored.head.epoch + 1, owner: ctx.session.id };
  return put(ctx, head, (next) => ctx.heads.swap(stored, next));
}

/** The one CAS of a claim, with the first commit in it where that can go along. Undefined when it was refused. */
async function put(
  ctx: ClaimContext,
  head: Head,
  swap: (next: Head) => Promise<HeadSwap>,
): Promise<StoredHead | undefined> {
  const full = await ctx.first?.loadInto(head);
  ctx.session.assertServing();
  const carried = full !== undefined && ctx.first?.send() ? ctx.first : undefined;
  // The CAS that acknowledges a write is its put.
  ctx.phases.enter(carried ? 'put' : 'open');
  let result: HeadSwap;
  try {
    result = await swap(carried && full ? full : head);
  } catch (error) {
    carried?.lose(error);
    throw error;
  }
  if (result.outcome === 'done') {
    carried?.arrive();
    return result.stored;
  }
  carried?.refuse();
  ctx.inHand.keep(result.current);
  return undefined;
}
