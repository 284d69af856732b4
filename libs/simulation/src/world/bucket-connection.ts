import type { Random } from '@leasehold/foundation';
import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
  StoreVerb,
} from '@leasehold/object-store';
import { StoreUnavailableError } from '@leasehold/object-store';

import type { Moment, Step } from './failpoint.js';
import type { SimProcess } from './sim-process.js';
import type { StoreFault, StoreFaultRates } from './store-fault.js';
import { drawFault } from './store-fault.js';
import type { VirtualWorld } from './virtual-world.js';

/** One way, most of the time; ms. */
const TRAVEL_MS = 12;
/** A slow request takes so many times as long. */
const SLOW_FACTOR = 40;
/** An abandoned request lands within this, most of them within the first tenth. */
export const LATE_MS = 30_000;
/**
 * One object is damaged on its way to one process so often at most: what arrives damaged three times is taken for damaged at rest
 * (READS_OF_DAMAGED of libs/object-store), and a bucket at rest is never damaged here.
 */
const DAMAGES_OF_ONE = 2;
/** What an adapter waits for an answer before it gives up. */
export const ATTEMPT_TIMEOUT_MS = 5_000;

/** Where a request ends: with a value, or with nothing that its sender could know. */
type Arrival<T> = { readonly value: T } | { readonly lost: unknown };

/**
 * One process's connection to the bucket. Each request travels there and back in virtual time, may be struck by a fault of the world's
 * drawing, and tells the failpoints when it leaves and when it was applied. Aborting a request abandons it: what has left arrives.
 */
export class BucketConnection implements ObjectStore {
  /** Drawn faults; `{}` ends them. */
  rates: StoreFaultRates = {};
  /** True: nothing gets through, in either direction. */
  isCut = false;

  private readonly damages = new Map<string, number>();

  constructor(
    private readonly world: VirtualWorld,
    private readonly process: SimProcess,
    private readonly random: Random,
  ) {}

  get(key: string, options?: GetOptions): Promise<StoredObject | 'not-modified' | undefined> {
    return this.reading('get', key, options?.signal, () => this.world.bucket.get(key, withoutSignal(options)));
  }

  list(prefix: string, options?: ListOptions): Promise<ListPage> {
    return this.reading('list', prefix, options?.signal, () => this.world.bucket.list(prefix, withoutSignal(options)));
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options?: CallOptions): Promise<PutOutcome> {
    const copy = Uint8Array.from(body);
    const arrival = await this.call(
      'put',
      key,
      options?.signal,
      () => this.world.bucket.put(key, copy, condition),
      copy,
    );
    return 'lost' in arrival ? { outcome: 'unknown', cause: arrival.lost } : arrival.value;
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    const arrival = await this.call('delete', key, options?.signal, () => this.world.bucket.delete(key));
    if ('lost' in arrival) throw new StoreUnavailableError('no answer', { cause: arrival.lost });
  }

  private async reading<T>(
    verb: 'get' | 'list',
    key: string,
    signal: AbortSignal | undefined,
    apply: () => Promise<T>,
  ): Promise<T> {
    const arrival = await this.call(verb, key, signal, apply);
    if ('lost' in arrival) throw new StoreUnavailableError('no answer', { cause: arrival.lost });
    return arrival.value;
  }

  private call<T>(
    verb: StoreVerb,
    key: string,
    signal: AbortSignal | undefined,
    apply: () => Promise<T>,
    body?: Uint8Array,
  ): Promise<Arrival<T>> {
    const { gate } = this.process;
    // One that is dead sends nothing more; what it had in its hands goes nowhere.
    if (!this.process.isAlive) return never();
    const step = this.world.steps.stepOf(verb, key, body);
    this.reach('before', step);
    // Killed on its way out: nothing leaves, and nobody is there to be answered.
    if (!this.process.isAlive) return never();
    return new Promise((resolve) => {
      const giveUp = (cause: unknown): void => resolve({ lost: cause });
      if (signal?.aborted) return giveUp(signal.reason);
      const onAbort = (): void => giveUp(signal?.reason);
      const forget = (): void => signal?.removeEventListener('abort', onAbort);
      signal?.addEventListener('abort', onAbort, { once: true });
      // Node keeps a signal that somebody listens to, and with it everything that a dead process ever knew.
      const unhook = this.process.onDeath(forget);
      const answer = (arrival: Arrival<T>): void => {
        gate.enter(() => {
          forget();
          unhook();
          resolve(arrival);
        });
      };
      // Stopped on its way out, it leaves when the process goes on.
      gate.enter(() => this.travel({ verb, key, step }, apply, answer));
    });
  }

  /** Never throws: what `apply` throws is an answer, too. */
  private travel<T>(
    { verb, key, step }: { readonly verb: StoreVerb; readonly key: string; readonly step: Step },
    apply: () => Promise<T>,
    answer: (arrival: Arrival<T>) => void,
  ): void {
    const { world } = this;
    const fault = this.faultOf(verb, step);
    const [there, back] = [this.travelMs(fault), this.travelMs(fault)];
    const lose = (ms: number, cause: string): void => void world.clock.schedule(ms, () => answer({ lost: cause }));
    world.trace.add(`${this.process.name} ${verb} ${key} ${fault ?? ''}`);
    // A paused process has sent what it sent; a line that is cut swallows it.
    if (this.isCut) return lose(ATTEMPT_TIMEOUT_MS, 'the line is cut');
    switch (fault) {
      case 'reset-before':
      case 'error-500-before':
      case 'slow-down-503':
      case 'conflict-409':
        return lose(there + back, fault);
      case 'late':
        lose(there + back, fault);
        world.clock.schedule(this.lateMs(), () => this.land(verb, key, apply));
        return;
    }
    world.clock.schedule(there, () => {
      apply().then(
        (value) => {
          this.reach('after', step);
          if (this.isCut) return lose(ATTEMPT_TIMEOUT_MS, 'the line is cut');
          if (fault === 'reset-after' || fault === 'error-500-after') return lose(back, fault);
          const seen = this.arriving(key, value, fault);
          world.clock.schedule(back, () => answer({ value: seen }));
        },
        (error: unknown) => lose(back, String(error)),
      );
    });
  }

  private land<T>(verb: StoreVerb, key: string, apply: () => Promise<T>): void {
    void apply().then((value) => {
      // A delete tells nobody whether anything was there.
      const isApplied = verb === 'put' && (value as PutOutcome).outcome === 'done';
      this.world.trace.add(`${this.process.name} late ${verb} ${key} ${isApplied}`);
      if (isApplied) this.world.counts.lateLandings++;
    });
  }

  private faultOf(verb: StoreVerb, step: Step): StoreFault | undefined {
    const { world, process } = this;
    const fault = drawFault(this.rates, verb, this.random) ?? world.storeStrike?.(process, step);
    if (fault !== undefined) world.counts.fault(fault);
    return fault;
  }

  private reach(moment: Moment, step: Step): void {
    const { role, name, gate } = this.process;
    if (gate.state === 'dead') return;
    this.world.failpoints.pass(`${role} ${moment} ${step}`, name);
  }

  private arriving<T>(key: string, value: T, fault: StoreFault | undefined): T {
    const before = this.damages.get(key) ?? 0;
    const isDamaged = (fault === 'truncated' || fault === 'bit-flip') && before < DAMAGES_OF_ONE;
    if (isDamaged) this.damages.set(key, before + 1);
    return isDamaged ? this.damaged(value, fault) : value;
  }

  private damaged<T>(value: T, fault: 'truncated' | 'bit-flip'): T {
    const object = value as StoredObject | 'not-modified' | undefined;
    if (object === undefined || object === 'not-modified' || object.body.byteLength === 0) return value;
    const at = Math.floor(this.random.fraction() * object.body.byteLength);
    const body = fault === 'truncated' ? object.body.slice(0, at) : Uint8Array.from(object.body);
    if (fault === 'bit-flip') body[at] = (body[at] ?? 0) ^ (1 << Math.floor(this.random.fraction() * 8));
    return { ...object, body } as T;
  }

  private travelMs(fault: StoreFault | undefined): number {
    const usual = TRAVEL_MS * (0.4 + 1.2 * this.random.fraction());
    return fault === 'slow' ? usual * SLOW_FACTOR * this.random.fraction() : usual;
  }

  private lateMs(): number {
    const u = this.random.fraction();
    return LATE_MS * u * u * u;
  }
}

function withoutSignal<T extends CallOptions>(options: T | undefined): T | undefined {
  return options && { ...options, signal: undefined };
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
