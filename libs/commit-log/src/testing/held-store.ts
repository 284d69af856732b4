import type { ObjectStore, PutOutcome } from '@leasehold/object-store';

export interface HeldPut {
  readonly key: string;
  readonly apply: () => Promise<PutOutcome>;
  readonly answer: (outcome: PutOutcome) => void;
}

/**
 * A store whose puts wait for the test: it decides which land, in which order, and which of them get an answer. Puts of
 * keys that are not held, and all other calls, go through.
 */
export class HeldStore implements ObjectStore {
  /** Keys of all puts in the order of their sending, held or not. */
  readonly sent: string[] = [];
  private readonly held: HeldPut[] = [];

  constructor(
    private readonly inner: ObjectStore,
    private holds: (key: string) => boolean = () => false,
  ) {}

  get: ObjectStore['get'] = (...call) => this.inner.get(...call);
  list: ObjectStore['list'] = (...call) => this.inner.list(...call);
  delete: ObjectStore['delete'] = (...call) => this.inner.delete(...call);

  put: ObjectStore['put'] = (key, body, condition) => {
    this.sent.push(key);
    const copy = Uint8Array.from(body);
    const apply = (): Promise<PutOutcome> => this.inner.put(key, copy, condition);
    if (!this.holds(key)) return apply();
    return new Promise((answer) => this.held.push({ key, apply, answer }));
  };

  hold(holds: (key: string) => boolean): void {
    this.holds = holds;
  }

  get heldKeys(): readonly string[] {
    return this.held.map(({ key }) => key);
  }

  /** Applies the oldest held put of the key and answers it. */
  async release(key: string): Promise<void> {
    const put = this.take(key);
    put.answer(await put.apply());
  }

  async releaseAll(): Promise<void> {
    for (const key of this.heldKeys) await this.release(key);
  }

  /** Applies it, and never answers. */
  async land(key: string): Promise<PutOutcome> {
    return this.take(key).apply();
  }

  /** Answers that nobody knows, without applying it. */
  lose(key: string): void {
    this.take(key).answer({ outcome: 'unknown', cause: new Error('held put was lost') });
  }

  /** Out of the held puts of the key, the oldest or one after it: the test decides all by itself. */
  take(key: string, position = 0): HeldPut {
    const at = this.held.indexOf(this.held.filter((put) => put.key === key)[position] as HeldPut);
    const [put] = at === -1 ? [] : this.held.splice(at, 1);
    if (put === undefined) throw new Error(`no put is held for ${key}`);
    return put;
  }
}
