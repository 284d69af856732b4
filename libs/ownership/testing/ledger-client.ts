import type { DatabaseIdentity, Entry } from '@leasehold/engine';
import type { Random } from '@leasehold/foundation';
import { isLeaseholdError, utf8 } from '@leasehold/foundation';

import type { AccessOptions } from '../src/databases.js';
import { PreconditionFailedError } from '../src/errors.js';
import type { Snapshot } from '../src/reads/snapshot-read.js';
import { decodeCounter, encodeCounter } from '../src/transaction/counter.js';
import type { Check, Operation, TransactionOutcome } from '../src/transaction/transaction.js';
import type { Interval, Ledger, LedgerTransaction } from './ledger.js';
import { digestOf, LEDGER_PREFIX, text } from './ledger.js';
import type { TestWorker } from './test-workers.js';
import { databaseNamed } from './test-workers.js';

const ACCOUNTS = ['t/a0', 't/a1', 't/a2'];
const EXPIRING = ['t/e0', 't/e1', 't/e2'];
const OPENING_BALANCE = 100n;
/** How often one client repeats a request of unknown outcome under its idempotency key. */
const REPEATS = 3;
const LEDGER = { start: utf8(LEDGER_PREFIX), end: utf8('t0'), limit: 1_000 };

/** How a client reaches the workers; rejects with what nobody could help. */
export interface LedgerWorld {
  readonly random: Random;
  moment(): number;
  clockMs(): number;
  isHarmless(error: unknown): boolean;
  send<T>(request: (worker: TestWorker, options: AccessOptions) => Promise<T>): Promise<T>;
}

/** One client that works with transactions: moves money, appends to a list, counts, deletes ranges, lets things expire, follows. */
export class LedgerClient {
  private drawn = 0;
  private readonly followed = new Map<number, number>();

  constructor(
    private readonly name: number,
    private readonly ledger: Ledger,
    private readonly world: LedgerWorld,
  ) {}

  async act(database: number): Promise<void> {
    const draw = this.world.random.fraction();
    if (draw < 0.2) await this.transfer(database);
    else if (draw < 0.35) await this.append(database);
    else if (draw < 0.5) await this.commit(database, [], [{ op: 'sum', key: utf8('t/n'), operand: 1n }]);
    else if (draw < 0.6) await this.clear(database);
    else if (draw < 0.72) await this.expire(database);
    else if (draw < 0.82) await this.guard(database);
    else if (draw < 0.92) await this.follow(database);
    else await this.look(database, true);
  }

  /** A snapshot of the ledger; of a past version when one is known. @returns undefined when nobody answered */
  async look(database: number, inThePast = false): Promise<Snapshot | undefined> {
    const known = this.ledger.readings
      .filter((reading) => reading.database === database)
      .map(({ sequence }) => sequence);
    const past = inThePast ? known[Math.floor(this.world.random.fraction() * known.length)] : undefined;
    const at = past === undefined ? undefined : { version: { epoch: 1, sequence: past } };
    const interval = this.begin();
    const snapshot = await this.ask(database, (worker, identity, options) =>
      worker.access.readMany(identity, { gets: [], scans: [LEDGER], at }, options),
    );
    if (snapshot === undefined) return undefined;
    const shown = new Map(
      (snapshot.scans[0]?.entries ?? []).map(({ key, value, version }) => [
        text(key),
        { value: text(value), sequence: version.sequence },
      ]),
    );
    const { sequence } = snapshot.version;
    this.ledger.readings.push({ ...this.end(interval), database, sequence, isPast: past !== undefined, shown });
    return snapshot;
  }

  /** Everything that was ever committed, page by page. */
  async feed(database: number): Promise<readonly Parameters<typeof digestOf>[0][] | undefined> {
    const commits = [];
    for (let since = 0; ;) {
      const page = await this.ask(database, (worker, identity, options) =>
        worker.access.changes(identity, { since, maxCommits: 50 }, options),
      );
      if (page === undefined) return undefined;
      commits.push(...page.commits);
      if (page.through === since) return commits;
      since = page.through;
    }
  }

  private async transfer(database: number): Promise<void> {
    const entries = await this.entries(database);
    if (entries === undefined) return;
    const accounts = ACCOUNTS.map((key) => entries.get(key));
    if (accounts.some((entry) => entry === undefined)) {
      const checks = ACCOUNTS.map((key): Check => ({ kind: 'key', key: utf8(key), precondition: { kind: 'absent' } }));
      const ops = ACCOUNTS.map((key): Operation => ({
        op: 'put',
        key: utf8(key),
        value: encodeCounter(OPENING_BALANCE),
      }));
      return this.commit(database, checks, ops);
    }
    const from = this.draw(3);
    const to = (from + 1 + this.draw(2)) % 3;
    const moved = [
      [accounts[from] as Entry, -1n],
      [accounts[to] as Entry, 1n],
    ] as const;
    return this.commit(
      database,
      moved.map(([{ key, version }]) => ({ kind: 'key', key, precondition: { kind: 'version', version } })),
      moved.map(([{ key, value }, by]) => ({
        op: 'put',
        key,
        value: encodeCounter((decodeCounter(value) ?? 0n) + by),
      })),
    );
  }

  private async append(database: number): Promise<void> {
    const entries = await this.entries(database);
    if (entries === undefined) return;
    const list = entries.get('t/list');
    const precondition = list ? ({ kind: 'version', version: list.version } as const) : ({ kind: 'absent' } as const);
    const value = `${list ? text(list.value) : ''},${this.name}.${this.drawn}`;
    await this.commit(
      database,
      [{ kind: 'key', key: utf8('t/list'), precondition }],
      [{ op: 'put', key: utf8('t/list'), value: utf8(value) }],
    );
  }

  private clear(database: number): Promise<void> {
    return this.commit(
      database,
      [],
      [
        { op: 'put', key: utf8('t/r0'), value: utf8('covered') },
        { op: 'deleteRange', range: { start: utf8('t/r'), end: utf8('t/s') } },
        { op: 'put', key: utf8(`t/r${this.draw(4)}`), value: utf8('stays') },
      ],
    );
  }

  private expire(database: number): Promise<void> {
    const expiresAt = Math.floor(this.world.clockMs()) + 200 + this.draw(3_000);
    const key = utf8(EXPIRING[this.draw(3)] as string);
    return this.commit(database, [], [{ op: 'put', key, value: utf8('for a while'), expiresAt }]);
  }

  /** Writes only if what it has seen of a range is still so. */
  private async guard(database: number): Promise<void> {
    const seen = await this.look(database);
    if (seen === undefined) return;
    const range = { start: utf8('t/e'), end: utf8('t/f') };
    await this.commit(
      database,
      [{ kind: 'range', range, since: seen.version.sequence }],
      [{ op: 'put', key: utf8('t/guarded'), value: utf8('seen') }],
    );
  }

  private async follow(database: number): Promise<void> {
    const since = this.followed.get(database) ?? 0;
    const page = await this.ask(database, (worker, identity, options) =>
      worker.access.changes(identity, { since, maxCommits: 1 + this.draw(8), waitMs: this.draw(500) }, options),
    );
    if (page === undefined) return;
    this.ledger.pages.push({ database, since, through: page.through, commits: page.commits.map(digestOf) });
    this.followed.set(database, page.through);
  }

  private async entries(database: number): Promise<ReadonlyMap<string, Entry> | undefined> {
    const snapshot = await this.look(database);
    return snapshot && new Map((snapshot.scans[0]?.entries ?? []).map((entry) => [text(entry.key), entry]));
  }

  private async commit(database: number, checks: readonly Check[], ops: readonly Operation[]): Promise<void> {
    const id = `${this.name}.${this.drawn++}`;
    const marker: Operation = { op: 'put', key: utf8(`${LEDGER_PREFIX}m${this.name}`), value: utf8(id) };
    const isKeyed = this.world.random.fraction() < 0.7;
    const idempotencyKey = isKeyed ? { key: utf8(id), digest: new Uint8Array(16).fill(this.name + 1) } : undefined;
    const sent: LedgerTransaction = {
      ...this.begin(),
      id,
      database,
      tx: { checks, ops: [...ops, marker], idempotencyKey },
      outcome: 'unknown',
      sequence: undefined,
      failedCheck: undefined,
    };
    this.ledger.transactions.push(sent);
    for (let repeats = 0; repeats <= (isKeyed ? REPEATS : 0); repeats++) {
      try {
        const { version } = await this.transact(sent);
        Object.assign(sent, { outcome: 'acknowledged', sequence: version.sequence }, this.end(sent));
        return;
      } catch (error) {
        if (error instanceof PreconditionFailedError) {
          const { present, failedCheck } = error;
          Object.assign(sent, { outcome: 'refused', sequence: present?.sequence, failedCheck }, this.end(sent));
          return;
        }
        if (this.world.isHarmless(error)) {
          // Of the first try only: what was sent before and stayed unknown may still have been applied.
          if (repeats === 0) Object.assign(sent, { outcome: 'disclaimed' }, this.end(sent));
          return;
        }
        if (!isLeaseholdError(error, 'unknown')) throw error;
      }
    }
  }

  private transact({ database, tx }: LedgerTransaction): Promise<TransactionOutcome> {
    return this.world.send(async (worker, options) => {
      try {
        return await worker.access.transact(databaseNamed(database + 1), tx, options);
      } catch (error) {
        if (error instanceof PreconditionFailedError) worker.session.assertServing();
        throw error;
      }
    });
  }

  private async ask<T>(
    database: number,
    request: (worker: TestWorker, identity: DatabaseIdentity, options: AccessOptions) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.world.send(async (worker, options) => {
        const answer = await request(worker, databaseNamed(database + 1), options);
        worker.session.assertServing();
        return answer;
      });
    } catch (error) {
      if (this.world.isHarmless(error)) return undefined;
      throw error;
    }
  }

  private begin(): Interval {
    return { begunAt: this.world.moment(), begunMs: this.world.clockMs(), endedAt: Infinity, endedMs: Infinity };
  }

  private end({ begunAt, begunMs }: Interval): Interval {
    return { begunAt, begunMs, endedAt: this.world.moment(), endedMs: this.world.clockMs() };
  }

  private draw(below: number): number {
    return Math.floor(this.world.random.fraction() * below);
  }
}

/** The money of a database at each snapshot that has any. */
export function totalsOf(ledger: Ledger): bigint[] {
  return ledger.readings.flatMap(({ shown }) => {
    const balances = ACCOUNTS.map((key) => shown.get(key)?.value);
    if (balances.some((value) => value === undefined)) return [];
    return [balances.reduce((sum, value) => sum + (decodeCounter(Buffer.from(value ?? '', 'latin1')) ?? 0n), 0n)];
  });
}

/** What {@link totalsOf} must be. */
export const MONEY = OPENING_BALANCE * BigInt(ACCOUNTS.length);
