import {
  elapsedMsBetween,
  elapsedMsSince,
  instant,
  LeaseholdError,
  type Clock,
  type Instant,
} from '@leasehold/foundation';

export interface LoadingCacheSettings {
  /** Entries kept; of those not used lately the least recently used goes first. */
  readonly capacity: number;
  /** Loads under way at once; more are refused as overload. */
  readonly maxLoads: number;
  /** Served without a doubt for this long after they were last known to hold. */
  readonly freshMs: number;
  /** Served, while being loaded again behind the caller's back, for this long; not at all beyond. */
  readonly maxStaleMs: number;
  /** Loads of one absent key follow each other at this distance at the earliest. */
  readonly missPaceMs: number;
}

interface CacheEntry<V> {
  readonly value: V;
  readonly loadedAt: Instant;
  /** Of what is in doubt: when it was last known to hold. */
  heldAt: Instant | undefined;
  revalidatedAt: Instant;
  /** On a watch that counts uses. */
  usedAt: number;
}

interface Load<V> {
  readonly result: Promise<V | undefined>;
  /** Whether the source has been asked: a miss from then on says nothing to those who come later. */
  begun: boolean;
}

const RETRY_AFTER_MS = 1_000;
/** Of the capacity: after so many other uses, a use counts as one of long ago. */
const RECENT_SHARE = 1 / 8;
/** Of the loads: those that nobody waits for leave the rest to who waits. */
const BEHIND_SHARE = 1 / 10;
/** A load that someone joined late, and one that began after they came. */
const MAX_ROUNDS = 2;

/**
 * What a slow source says, kept in memory. One load per key at a time, however many ask for it.
 *
 * Presence is cached; **absence never is**, so that what is created is found at once. What is absent and asked for again
 * and again costs the source one load per `missPaceMs`, for which the askers wait.
 *
 * When the source fails, what was known is served up to `maxStaleMs`.
 */
export class LoadingCache<V> {
  /** In the order of use, latest last; those used lately in any order. */
  private readonly entries = new Map<string, CacheEntry<V>>();
  private readonly loads = new Map<string, Load<V>>();
  /** When the source last said that a key is absent. In the order of saying. */
  private readonly misses = new Map<string, Instant>();
  private uses = 0;
  /** Everything in here was still true at this instant. */
  private confirmedAt: Instant | undefined;

  constructor(
    private readonly load: (key: string) => Promise<V | undefined>,
    private readonly clock: Clock,
    private readonly settings: LoadingCacheSettings,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /** @throws what the source throws, when nothing usable is known */
  async get(key: string): Promise<V | undefined> {
    const entry = this.entries.get(key);
    if (entry) {
      this.use(key, entry);
      const ageMs = this.ageMs(entry);
      if (ageMs <= this.settings.freshMs) return entry.value;
      if (ageMs <= this.settings.maxStaleMs) {
        this.revalidate(key, entry);
        return entry.value;
      }
    }
    for (let round = 1; ; round++) {
      const load = this.loads.get(key) ?? this.startLoad(key);
      // Somebody's load that was sent before we came may have missed what was created in between.
      const mayBeEarly = load.begun;
      const value = await load.result;
      if (value !== undefined || !mayBeEarly || round === MAX_ROUNDS) return value;
    }
  }

  /**
   * What {@link get} would give without a doubt and without asking anybody; undefined otherwise.
   * @param at now, for who looks up more than one
   */
  known(key: string, at = instant(this.clock)): V | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || !this.isFresh(entry, at)) return undefined;
    this.use(key, entry);
    return entry.value;
  }

  /**
   * Forgets one key, also what a load under way is about to say of it.
   * @param isStillTrue of what is kept: then it stays, and nobody has to be asked
   */
  invalidate(key: string, isStillTrue: (value: V) => boolean = () => false): void {
    const entry = this.entries.get(key);
    if (entry !== undefined && !isStillTrue(entry.value)) this.entries.delete(key);
    this.loads.delete(key);
    this.misses.delete(key);
  }

  /** As {@link invalidate}, every key. Takes as long as there are entries. */
  invalidateAll(isStillTrue: (value: V) => boolean): void {
    for (const [key, { value }] of this.entries) if (!isStillTrue(value)) this.entries.delete(key);
    this.loads.clear();
    this.misses.clear();
  }

  clear(): void {
    this.entries.clear();
    this.loads.clear();
    this.misses.clear();
  }

  /**
   * Another source answers, which may lack what this one said: what is in here is not confirmed any more. It is served as while the source does not answer, and loaded
   * again behind who uses it. Takes as long as there are entries.
   */
  doubt(): void {
    const at = instant(this.clock);
    for (const entry of this.entries.values()) entry.heldAt ??= this.lastHeldAt(entry, at);
    this.loads.clear();
    this.misses.clear();
  }

  /** What does not tell of everything that changed before `at` has been invalidated: the rest was true then. */
  confirm(at: Instant): void {
    this.confirmedAt = at;
  }

  /** One that was used lately keeps its place: a Map whose order changes with every request is made anew all the time. */
  private use(key: string, entry: CacheEntry<V>): void {
    const usedAt = ++this.uses;
    if (usedAt - entry.usedAt < this.settings.capacity * RECENT_SHARE) return;
    entry.usedAt = usedAt;
    this.entries.delete(key);
    this.entries.set(key, entry);
  }

  private ageMs(entry: CacheEntry<V>): number {
    const at = instant(this.clock);
    return elapsedMsBetween(entry.heldAt ?? this.lastHeldAt(entry, at), at);
  }

  private lastHeldAt({ loadedAt }: CacheEntry<V>, at: Instant): Instant {
    if (this.confirmedAt === undefined) return loadedAt;
    const isLoadedLast = elapsedMsBetween(loadedAt, at) < elapsedMsBetween(this.confirmedAt, at);
    return isLoadedLast ? loadedAt : this.confirmedAt;
  }

  private isFresh({ loadedAt, heldAt }: CacheEntry<V>, at: Instant): boolean {
    const { freshMs } = this.settings;
    if (heldAt !== undefined) return elapsedMsBetween(heldAt, at) <= freshMs;
    // The first of them is true of nearly all.
    if (this.confirmedAt && elapsedMsBetween(this.confirmedAt, at) <= freshMs) return true;
    return elapsedMsBetween(loadedAt, at) <= freshMs;
  }

  private revalidate(key: string, entry: CacheEntry<V>): void {
    const recently = elapsedMsSince(this.clock, entry.revalidatedAt) <= this.settings.freshMs;
    if (recently || this.loads.has(key) || this.loads.size >= this.settings.maxLoads * BEHIND_SHARE) return;
    entry.revalidatedAt = instant(this.clock);
    // Failing is what staleness is allowed for.
    this.startLoad(key).result.catch(() => undefined);
  }

  private startLoad(key: string): Load<V> {
    if (this.loads.size >= this.settings.maxLoads) {
      throw new LeaseholdError('unavailable', 'overloaded', 'too many lookups are waiting', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    const load: Load<V> = { begun: false, result: Promise.resolve(undefined) };
    const result = this.run(key, load);
    Object.assign(load, { result });
    this.loads.set(key, load);
    return load;
  }

  private async run(key: string, load: Load<V>): Promise<V | undefined> {
    // Not before startLoad has registered the load, however quick the source is.
    await Promise.resolve();
    try {
      const missedAt = this.misses.get(key);
      const waitMs = missedAt ? this.settings.missPaceMs - elapsedMsSince(this.clock, missedAt) : 0;
      if (waitMs > 0) await this.clock.sleep(waitMs);
      load.begun = true;
      const loadedAt = instant(this.clock);
      const value = await this.load(key);
      // Invalidated meanwhile: the answer may predate the change. Good enough for who is waiting, not to be kept.
      if (this.loads.get(key) === load) this.store(key, value, loadedAt);
      return value;
    } finally {
      if (this.loads.get(key) === load) this.loads.delete(key);
    }
  }

  private store(key: string, value: V | undefined, loadedAt: Instant): void {
    this.entries.delete(key);
    this.misses.delete(key);
    if (value === undefined) insertBounded(this.misses, key, loadedAt, this.settings.capacity);
    else
      insertBounded(
        this.entries,
        key,
        { value, loadedAt, heldAt: undefined, revalidatedAt: loadedAt, usedAt: ++this.uses },
        this.settings.capacity,
      );
  }
}

function insertBounded<V>(map: Map<string, V>, key: string, value: V, capacity: number): void {
  map.set(key, value);
  if (map.size <= capacity) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
