import type { Clock, Random } from '@leasehold/foundation';
import { StoreUnavailableError } from '@leasehold/object-store';
import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoreVerb,
  StoredObject,
} from '@leasehold/object-store';

/**
 * - `fail-before`: not applied, no answer
 * - `fail-after`: applied, the answer is lost
 * - `late`: no answer; applied only after later operations of anybody, if its condition holds by then
 * - `refuse`: a put is refused although nothing speaks against it (some stores do so under contention)
 * - `delay`: applied after a pause
 */
export type Fault = 'none' | 'fail-before' | 'fail-after' | 'late' | 'refuse' | 'delay';

/** Probabilities in [0, 1], drawn in this order; what is left is `none`. */
export type FaultRates = Partial<Record<Exclude<Fault, 'none'>, number>>;

const DRAWN = ['fail-before', 'fail-after', 'late', 'refuse', 'delay'] as const;
const MAX_LATE_OPERATIONS = 8;
const MAX_DELAY_MS = 200;

interface Abandoned {
  remaining: number;
  readonly land: () => Promise<unknown>;
}

/**
 * A store that fails like a real one behind a bad network. With the same seed and the same calls it fails in the same places.
 * Scripted faults ({@link next}) come before drawn ones.
 */
export class FaultyStore implements ObjectStore {
  /** Faults done so far, for assertions on determinism and that a test met any fault at all. */
  readonly trace: string[] = [];
  private readonly script: Record<StoreVerb, Fault[]> = { get: [], put: [], delete: [], list: [] };
  private readonly abandoned: Abandoned[] = [];

  constructor(
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly random: Random,
    private rates: FaultRates = {},
  ) {}

  /** The faults of the next calls of one verb, one each. */
  next(verb: StoreVerb, ...faults: readonly Fault[]): this {
    this.script[verb].push(...faults);
    return this;
  }

  /** `{}` ends the drawn faults, so that progress can be demanded. */
  setRates(rates: FaultRates): void {
    this.rates = rates;
  }

  get abandonedCalls(): number {
    return this.abandoned.length;
  }

  /** Lands every abandoned call now, oldest first. */
  async landAll(): Promise<void> {
    for (const call of this.abandoned.splice(0)) await call.land();
  }

  async get(key: string, options?: GetOptions): Promise<StoredObject | 'not-modified' | undefined> {
    await this.beginRead('get');
    return this.store.get(key, options);
  }

  async list(prefix: string, options?: ListOptions): Promise<ListPage> {
    await this.beginRead('list');
    return this.store.list(prefix, options);
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options?: CallOptions): Promise<PutOutcome> {
    await this.landDue();
    const fault = this.draw('put');
    switch (fault) {
      case 'fail-before':
        return lost(fault);
      case 'fail-after':
        await this.store.put(key, body, condition);
        return lost(fault);
      case 'late': {
        const copy = Uint8Array.from(body);
        this.abandon(() => this.store.put(key, copy, condition));
        return lost(fault);
      }
      case 'refuse':
        return { outcome: 'refused' };
      case 'delay':
        await this.pause();
        return this.store.put(key, body, condition, options);
      case 'none':
        return this.store.put(key, body, condition, options);
    }
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    await this.landDue();
    const fault = this.draw('delete');
    if (fault === 'delay') await this.pause();
    if (fault === 'late') this.abandon(() => this.store.delete(key));
    if (fault === 'fail-after') await this.store.delete(key);
    if (fault === 'fail-before' || fault === 'fail-after' || fault === 'late')
      throw new StoreUnavailableError(`injected ${fault}`);
    await this.store.delete(key, options);
  }

  /** A read has no effect: every lost answer is the same to it. */
  private async beginRead(verb: 'get' | 'list'): Promise<void> {
    await this.landDue();
    const fault = this.draw(verb);
    if (fault === 'delay') await this.pause();
    if (fault === 'fail-before' || fault === 'fail-after' || fault === 'late')
      throw new StoreUnavailableError(`injected ${fault}`);
  }

  private draw(verb: StoreVerb): Fault {
    const fault = this.script[verb].shift() ?? this.drawByRate();
    if (fault !== 'none') this.trace.push(`${verb} ${fault}`);
    return fault;
  }

  private drawByRate(): Fault {
    let left = this.random.fraction();
    for (const fault of DRAWN) {
      left -= this.rates[fault] ?? 0;
      if (left < 0) return fault;
    }
    return 'none';
  }

  private pause(): Promise<void> {
    return this.clock.sleep(Math.ceil(this.random.fraction() * MAX_DELAY_MS));
  }

  private abandon(land: () => Promise<unknown>): void {
    this.abandoned.push({ remaining: 1 + Math.floor(this.random.fraction() * MAX_LATE_OPERATIONS), land });
  }

  private async landDue(): Promise<void> {
    for (const call of this.abandoned) call.remaining--;
    for (const call of this.abandoned.filter(({ remaining }) => remaining <= 0)) {
      this.abandoned.splice(this.abandoned.indexOf(call), 1);
      await call.land();
    }
  }
}

function lost(fault: Fault): PutOutcome {
  return { outcome: 'unknown', cause: new Error(`injected ${fault}`) };
}
