import { bucketLayout } from '@leasehold/bucket-layout';
import {
  CorruptBytesError,
  elapsedMsSince,
  instant,
  LeaseholdError,
  UlidSource,
  type Clock,
  type Instant,
  type Random,
} from '@leasehold/foundation';
import { readDecoded, settleCreate, type ObjectStore } from '@leasehold/object-store';

import {
  decodeRevocationState,
  encodeRevocationState,
  NO_REVOCATIONS,
  type RevocationEdit,
  type RevocationState,
} from './revocation-state.js';

export interface RevocationContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** What else a writer has, for states that nobody can read. */
export interface RevocationRepair {
  /** What somewhere else is known of the suspensions of some state; undefined: nothing is. */
  copied?(): Promise<Pick<RevocationState, 'number' | 'suspended'> | undefined>;
  /** States that cannot be read were passed over: what changed with them, and is in no copy, is lost. Told once the next state is written. */
  repaired?(passed: { readonly from: number; readonly to: number }): void;
}

/** Where the next state goes, and what it goes on from. */
interface Base {
  readonly state: RevocationState;
  /** Of the last state that there is. */
  readonly last: number;
  /** The first of those up to the last that cannot be read; undefined: all can. */
  readonly damagedFrom: number | undefined;
}

/** Of one listing: 20,000 states, of which cleaning leaves some hundred. */
const LIST_PAGES_LIMIT = 20;
/** States after the known one that are read one by one before the log is listed instead. */
const MAX_STEPS = 20;
/** In a row, that are passed over in search of one that can be read. */
const MAX_DAMAGED = 16;
/** Of one append: each lost race is a step of somebody else. */
const MAX_RACES = 20;
const APPEND_TIMEOUT_MS = 5_000;
/** Cleaning comes with every so many states, and leaves this many and those of the last hour: who follows lists more often than that. */
const CLEAN_EVERY = 32;
const KEPT_STATES = 32;
const KEPT_MS = 60 * 60 * 1_000;
/** After a state was the latest for the last time as far as we know, what followed it may have been cleaned away; half is for clocks. */
const HOLE_MS = KEPT_MS / 2;
const RETRY_AFTER_MS = 1_000;

/** The latest state of `revoked/`, as far as this process knows it, and the way to the next one. */
export class RevocationLog {
  private latest = NO_REVOCATIONS;
  /** When nothing followed it, for the last time. */
  private lastAt: Instant | undefined;
  /** The last state that was found to be damaged when it was the last. */
  private damagedNumber = 0;
  private readonly ids: UlidSource;

  constructor(
    private readonly context: RevocationContext,
    private readonly repair: RevocationRepair = {},
  ) {
    this.ids = new UlidSource(context.clock, context.random);
  }

  /** As it was read last. */
  get state(): RevocationState {
    return this.latest;
  }

  /**
   * Reads on from the known state: one GET that finds nothing, where nothing is new. After half an hour without an answer that finding could be
   * a hole where states were cleaned away, into which a writer must not write: then, and at first, it lists.
   * @throws StoreUnavailableError, CorruptBytesError; what was known stays known then
   */
  async follow(signal?: AbortSignal): Promise<RevocationState> {
    const { clock } = this.context;
    if (this.lastAt === undefined || elapsedMsSince(clock, this.lastAt) > HOLE_MS) return this.find(signal);
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const askedAt = instant(clock);
      const next = await this.read(this.latest.number + 1, signal);
      if (next === undefined) {
        this.lastAt = askedAt;
        return this.latest;
      }
      this.latest = next;
    }
    return this.find(signal);
  }

  /**
   * Looks for the latest state with a listing: where nothing is known yet, and where states after the known one may have been cleaned away.
   * @throws StoreUnavailableError; CorruptBytesError: it is damaged, and what is known now is the latest that can be read
   */
  async find(signal?: AbortSignal): Promise<RevocationState> {
    const askedAt = instant(this.context.clock);
    const last = await this.lastNumber(signal);
    if (last !== this.latest.number) {
      const found = await this.readOrRecall(last, signal);
      if (found === undefined) {
        // Cleaned between the two calls: there are later ones, and who asks again finds them.
        throw new LeaseholdError(
          'unavailable',
          'unavailable',
          'the log of revocations was cleaned while it was listed',
          {
            retryAfterMs: RETRY_AFTER_MS,
          },
        );
      }
      if (found.number > this.latest.number) this.latest = found;
    }
    this.lastAt = askedAt;
    return this.latest;
  }

  /**
   * Makes the next state; durable when it resolves, and every reader that looks from then on has it. Damaged states stop nobody: the next one goes
   * on from the latest that can be read, or from a copy that knows more, and is written even where the edit changes nothing, so that readers get
   * past them too.
   *
   * @returns the state in which the edit holds: a former one where it changes nothing
   * @throws LeaseholdError unavailable (too many others wrote), unknown; CorruptBytesError (nothing can be read); what the edit throws
   */
  async append(edit: RevocationEdit): Promise<RevocationState> {
    for (let races = 0; races < MAX_RACES; races++) {
      const { state: base, last, damagedFrom } = await this.base();
      const at = this.context.clock.now();
      const unchanged = damagedFrom === undefined ? undefined : base;
      const change = edit({ ...base, number: last }, at) ?? unchanged;
      if (change === undefined) return base;
      const { suspended, keys, providers } = change;
      const next = { suspended, keys, providers, number: last + 1, id: this.ids.next(), at };
      const madeAt = instant(this.context.clock);
      const { outcome } = await settleCreate(
        { ...this.context, timeoutMs: APPEND_TIMEOUT_MS },
        bucketLayout.revocation(next.number),
        encodeRevocationState(next),
      );
      if (outcome !== 'done') continue;
      this.latest = next;
      this.lastAt = madeAt;
      if (damagedFrom !== undefined) this.repair.repaired?.({ from: damagedFrom, to: last });
      // What it leaves costs cents, and the next one finds it.
      if (next.number % CLEAN_EVERY === 0) await this.clean(next).catch(() => undefined);
      return next;
    }
    throw new LeaseholdError('unavailable', 'unavailable', 'the log of revocations is being written by others', {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  private async base(): Promise<Base> {
    try {
      const state = await this.follow();
      return { state, last: state.number, damagedFrom: undefined };
    } catch (error) {
      if (!(error instanceof CorruptBytesError)) throw error;
    }
    try {
      // Somebody may have gone on already.
      const state = await this.find();
      return { state, last: state.number, damagedFrom: undefined };
    } catch (error) {
      if (!(error instanceof CorruptBytesError)) throw error;
      // As it was found: whoever has written behind it meanwhile is not written over, because their number is taken.
      const last = this.damagedNumber;
      const copied = await this.repair.copied?.();
      const knowsMore = copied !== undefined && copied.number > this.latest.number && copied.number <= last;
      const state = knowsMore ? { ...this.latest, ...copied } : this.latest;
      // Nobody knows who is suspended: to write that nobody is would end every suspension.
      if (state.number === 0) throw error;
      return { state, last, damagedFrom: this.latest.number + 1 };
    }
  }

  /** Of the last state that there is, whether or not it can be read. */
  private async lastNumber(signal?: AbortSignal): Promise<number> {
    let last = this.latest.number;
    for (let pages = 0; pages < LIST_PAGES_LIMIT; pages++) {
      const startAfter = bucketLayout.revocation(last);
      const page = await this.context.store.list(bucketLayout.revocations, { startAfter, ...(signal && { signal }) });
      for (const { key } of page.objects) last = bucketLayout.parseRevocation(key) ?? last;
      if (!page.truncated) break;
    }
    return last;
  }

  /** Where it is damaged, what is known becomes the latest before it that is not. @throws CorruptBytesError then */
  private async readOrRecall(number: number, signal: AbortSignal | undefined): Promise<RevocationState | undefined> {
    try {
      return await this.read(number, signal);
    } catch (error) {
      if (!(error instanceof CorruptBytesError)) throw error;
      this.damagedNumber = number;
      const least = Math.max(this.latest.number, number - 1 - MAX_DAMAGED);
      for (let before = number - 1; before > least; before--) {
        const found = await this.read(before, signal).catch((failure: unknown) => {
          if (!(failure instanceof CorruptBytesError)) throw failure;
          return undefined;
        });
        if (found === undefined) continue;
        this.latest = found;
        break;
      }
      throw error;
    }
  }

  private read(number: number, signal: AbortSignal | undefined): Promise<RevocationState | undefined> {
    const key = bucketLayout.revocation(number);
    return readDecoded(
      async () => {
        const object = await this.context.store.get(key, signal && { signal });
        return object === 'not-modified' ? undefined : object;
      },
      ({ body }) => decodeRevocationState(body, number),
    );
  }

  private async clean(latest: RevocationState): Promise<void> {
    const { objects } = await this.context.store.list(bucketLayout.revocations);
    for (const { key, lastModifiedAt } of objects) {
      const number = bucketLayout.parseRevocation(key);
      if (number === undefined || number > latest.number - KEPT_STATES) continue;
      if (latest.at - lastModifiedAt > KEPT_MS) await this.context.store.delete(key);
    }
  }
}
