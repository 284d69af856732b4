import type { KvKey, KvListOptions, KvListSelector } from '@deno/kv';
import { KvU64 } from '@deno/kv';
import type { Random } from '@leasehold/foundation';

export type Mutation =
  | { readonly type: 'set'; readonly key: KvKey; readonly value: unknown; readonly expireIn?: number }
  | { readonly type: 'delete'; readonly key: KvKey }
  | { readonly type: 'sum' | 'min' | 'max'; readonly key: KvKey; readonly value: KvU64 };

/** A commit is named by its number; null: there is no such key. */
export interface Check {
  readonly key: KvKey;
  readonly commit: number | null;
}

/** One call of a client, as both sides are to make it. */
export type KvOperation =
  | { readonly kind: 'get'; readonly key: KvKey }
  | { readonly kind: 'getMany'; readonly keys: readonly KvKey[] }
  | { readonly kind: 'set'; readonly key: KvKey; readonly value: unknown; readonly expireIn: number | undefined }
  | { readonly kind: 'delete'; readonly key: KvKey }
  | { readonly kind: 'atomic'; readonly checks: readonly Check[]; readonly mutations: readonly Mutation[] }
  | {
      readonly kind: 'list';
      readonly selector: KvListSelector;
      readonly options: KvListOptions;
      /** After so many entries another list goes on from the cursor. */
      readonly resumeAfter: number | undefined;
    };

const HOUR_MS = 3_600_000;
const COUNTERS: readonly KvKey[] = [
  ['n', 0],
  ['n', 1],
  ['n', 2],
];
const STRINGS = ['', 'a', 'b', 'ab', 'a\0b', 'ä', '𝄞', 'z'.repeat(30)];
const NUMBERS = [0, 1, -1, 2, 0.5, -0.5, 1e9, Infinity, -Infinity, Number.MIN_VALUE];
const BIGINTS = [0n, 1n, -1n, 255n, 256n, -256n, 2n ** 63n, -(2n ** 64n), 2n ** 80n];
const BYTES = [[], [0], [0, 255], [255], [1, 2, 3]].map((bytes) => Uint8Array.from(bytes));
/** Bytes that look like something that a server could store in place of a value. */
const TRICKY = [
  'c14b5601',
  'c14b5601ff0f30',
  'c14b56020000000000000000',
  'c14b5603',
  'c14b5603c14b5601',
  '0000000000000000',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

/** Draws calls over few keys, so that they meet: all features, and what is refused. @param commits numbers that have been given so far */
export class KvOperations {
  constructor(private readonly random: Random) {}

  next(commits: number): KvOperation {
    const kind = this.weighted({ get: 20, getMany: 8, set: 18, delete: 7, atomic: 27, list: 20 });
    switch (kind) {
      case 'get':
        return { kind, key: this.key() };
      case 'getMany':
        return { kind, keys: this.many(this.isOneIn(30) ? 11 : this.below(11), () => this.key()) };
      case 'set':
        return { kind, ...this.entry() };
      case 'delete':
        return { kind, key: this.key() };
      case 'atomic':
        return this.atomic(commits);
      case 'list':
        return this.list();
    }
  }

  private atomic(commits: number): KvOperation {
    const checks = this.many(this.below(3), () => this.check(commits));
    if (this.isOneIn(12)) {
      // By itself: the other side keeps what stands before a mutation that fails.
      return { kind: 'atomic', checks, mutations: [this.counter(this.key())] };
    }
    const count = this.isOneIn(60) ? 300 : this.below(6);
    return {
      kind: 'atomic',
      checks: this.isOneIn(40) ? this.many(101, () => this.check(commits)) : checks,
      mutations: this.many(count, () => this.mutation()),
    };
  }

  private check(commits: number): Check {
    const commit = this.isOneIn(3) ? null : this.isOneIn(5) ? -1 : Math.max(0, commits - this.below(40));
    return { key: this.key(), commit };
  }

  private mutation(): Mutation {
    const type = this.weighted({ set: 5, delete: 2, counter: 4 });
    if (type === 'delete') return { type, key: this.key() };
    if (type === 'counter') return this.counter(this.pick(COUNTERS));
    if (this.isOneIn(8)) return { type, key: this.pick(COUNTERS), value: new KvU64(this.number64()), ...this.expiry() };
    const { key, value } = this.entry();
    return { type, key, value, ...this.expiry() };
  }

  private counter(key: KvKey): Mutation {
    return { type: this.pick(['sum', 'min', 'max'] as const), key, value: new KvU64(this.number64()) };
  }

  private list(): KvOperation {
    const options: KvListOptions = {
      ...(this.isOneIn(2) ? {} : { limit: 1 + this.below(this.isOneIn(2) ? 4 : 40) }),
      ...(this.isOneIn(2) ? {} : { batchSize: 1 + this.below(this.isOneIn(2) ? 4 : 600) }),
      ...(this.isOneIn(2) ? {} : { reverse: true }),
      ...(this.isOneIn(4) ? { consistency: 'eventual' } : {}),
    };
    const resumeAfter = this.isOneIn(3) ? 1 + this.below(5) : undefined;
    return { kind: 'list', selector: this.selector(), options, resumeAfter };
  }

  private selector(): KvListSelector {
    const prefix = this.key().slice(0, this.below(3));
    switch (this.below(4)) {
      case 0:
        return { prefix };
      case 1:
        return { prefix, start: [...prefix, ...this.parts(2)] };
      case 2:
        return { prefix, end: [...prefix, ...this.parts(2)] };
      default:
        // Refused by the client when they are the wrong way round.
        return { start: this.isOneIn(10) ? [] : this.key(), end: this.key() };
    }
  }

  private entry() {
    const expireIn = this.isOneIn(6) ? HOUR_MS : undefined;
    return { key: this.isOneIn(150) ? this.longKey() : this.key(), value: this.value(), expireIn };
  }

  private expiry(): { readonly expireIn?: number } {
    return this.isOneIn(6) ? { expireIn: HOUR_MS } : {};
  }

  /** Around the longest that there may be. */
  private longKey(): KvKey {
    return ['l', 'x'.repeat(2_048 - 6 + this.below(6))];
  }

  private key(): KvKey {
    return this.parts(3);
  }

  private parts(most: number): KvKey {
    return this.many(1 + this.below(most), () => this.part());
  }

  private part(): string | number | bigint | boolean | Uint8Array {
    // Mostly of few, so that keys meet.
    if (this.isOneIn(2)) return this.pick(['a', 'b']);
    return this.pick<string | number | bigint | boolean | Uint8Array>([
      ...STRINGS,
      ...NUMBERS,
      ...BIGINTS,
      ...BYTES,
      true,
      false,
    ]);
  }

  private value(): unknown {
    switch (this.below(14)) {
      case 0:
        return null;
      case 1:
        return undefined;
      case 2:
        return this.isOneIn(2);
      case 3:
        return this.pick(NUMBERS);
      case 4:
        return this.pick(STRINGS);
      case 5:
        return this.pick(BIGINTS);
      case 6:
        return new Date(this.below(2 ** 31) * 1_000);
      case 7:
        return new Map<unknown, unknown>([[this.pick(STRINGS), this.pick(NUMBERS)]]);
      case 8:
        return new Set([this.pick(STRINGS), this.pick(BIGINTS)]);
      case 9:
        return { a: [this.pick(NUMBERS), { b: this.pick(STRINGS) }], c: undefined };
      case 10:
        return this.pick(BYTES);
      case 11:
        return this.pick(TRICKY);
      case 12:
        return new KvU64(this.number64());
      default:
        // Around the largest that there may be, now and then.
        return this.isOneIn(12) ? new Uint8Array(65_530 + this.below(10)) : 'y'.repeat(this.below(2_000));
    }
  }

  private number64(): bigint {
    return this.pick([0n, 1n, 5n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n, BigInt(this.below(1_000))]);
  }

  private many<T>(count: number, draw: () => T): T[] {
    return Array.from({ length: count }, draw);
  }

  private weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const names = Object.keys(weights) as T[];
    let left = this.random.fraction() * names.reduce((sum, name) => sum + weights[name], 0);
    return names.find((name) => (left -= weights[name]) < 0) ?? (names[0] as T);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  private isOneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  private below(limit: number): number {
    return Math.floor(this.random.fraction() * limit);
  }
}
