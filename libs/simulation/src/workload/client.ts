import type { Random } from '@leasehold/foundation';

import type {
  Answer,
  Call,
  CheckText,
  CommitText,
  EntryText,
  KeyedEntryText,
  OperationText,
  RangeText,
  Request,
} from '../history/history.js';
import { ACCOUNTS, KEY_KINDS, MONEY, readValue, valueOf } from '../history/values.js';
import type { ClientParts, ClientSettings } from './client-settings.js';
import { tagOf } from './databases.js';

/** May be added to. */
type OwnCall = Call & { repetitions?: readonly Answer[] };

/** How often a keyed request is repeated while its outcome is unknown. */
const REPEATS = 3;
const FEED_COMMITS = 8;
/** Of those who were not told what came of a sum, how many ask for another one, knowing that then there may be two. */
const ASK_ANOTHER_SHARE = 0.3;
/** Of one who misses nothing. */
const FOLLOW_EVERY_MS = 400;
const CLEAR_COUNTERS: OperationText = { op: 'deleteRange', range: { start: KEY_KINDS.counter, end: 'n0' } };
const EVERYTHING: RangeText = { start: '', end: undefined };

/**
 * One client at work: one call at a time, each noted in the history. It knows what it was told, and acts on it: swaps what it has read,
 * moves money, appends to lists, counts, clears ranges, lets things expire, guards ranges, looks into the past, follows.
 */
export class Client {
  readonly calls: Call[] = [];
  private drawn = 0;
  private readonly versions = new Map<number, number[]>();
  private readonly followed = new Map<number, number>();

  constructor(
    readonly name: string,
    private readonly parts: ClientParts,
    private readonly settings: ClientSettings,
    private readonly random: Random,
  ) {}

  async run(): Promise<void> {
    while (this.calls.length < this.settings.calls) {
      await this.parts.world.clock.sleep(Math.ceil(this.random.fraction() * this.settings.thinkMs));
      await this.act();
    }
  }

  /** The whole database at one moment; undefined when nobody answers. */
  async snapshot(
    database: number,
    range: RangeText = EVERYTHING,
    at?: number,
  ): Promise<{ readonly sequence: number; readonly entries: readonly KeyedEntryText[] } | undefined> {
    const answer = await this.call(database, { kind: 'snapshot', range, at });
    if (answer.kind !== 'snapshot') return undefined;
    const { sequence } = answer.version;
    listIn(this.versions, database).push(sequence);
    return { sequence, entries: answer.entries };
  }

  /** Every commit from the first on, page by page; undefined when nobody tells them. */
  async feed(database: number): Promise<readonly CommitText[] | undefined> {
    const commits: CommitText[] = [];
    for (let since = 0; ;) {
      const answer = await this.call(database, { kind: 'feed', since, maxCommits: 200 });
      if (answer.kind !== 'feed') return undefined;
      commits.push(...answer.commits);
      if (answer.through === since) return commits;
      since = answer.through;
    }
  }

  /**
   * Follows a database from its first commit on until told to end, and then to its end. @returns every commit; undefined when its history was gone
   * before it could be told
   */
  async followAll(database: number, isOver: () => boolean): Promise<readonly CommitText[] | undefined> {
    const commits: CommitText[] = [];
    for (let since = 0; ;) {
      const wasOver = isOver();
      const answer = await this.call(database, { kind: 'feed', since, maxCommits: 200 });
      if (answer.kind === 'disclaimed' && answer.code === 'history-gone') return undefined;
      if (answer.kind === 'feed') {
        commits.push(...answer.commits);
        if (wasOver && answer.through === since) return commits;
        since = answer.through;
        if (answer.commits.length > 0) continue;
      }
      await this.parts.world.clock.sleep(FOLLOW_EVERY_MS);
    }
  }

  /** @returns whether it was acknowledged */
  async touch(database: number): Promise<boolean> {
    return (await this.put(database, this.key('register', this.settings.registers))).kind === 'committed';
  }

  private async act(): Promise<void> {
    const { databases, registers, hotShare } = this.settings;
    const database = this.random.fraction() < hotShare ? 0 : this.draw(databases);
    const register = this.key('register', registers);
    const draw = this.random.fraction();
    if (draw < 0.16) await this.put(database, register);
    else if (draw < 0.3) await this.get(database, register);
    else if (draw < 0.34) await this.tally(database);
    else if (draw < 0.36) await this.repeat(database);
    else if (draw < 0.4) await this.transact(database, [{ op: 'delete', key: register }]);
    else if (draw < 0.44) await this.put(database, register, [{ kind: 'absent', key: register }]);
    else if (draw < 0.52) await this.swap(database, register);
    else if (draw < 0.56) await this.pair(database);
    else if (draw < 0.66) await this.transfer(database);
    else if (draw < 0.73) await this.append(database);
    else if (draw < 0.78) await this.count(database);
    else if (draw < 0.82) await this.clear(database);
    else if (draw < 0.86) await this.expire(database);
    else if (draw < 0.89) await this.guard(database);
    else if (draw < 0.93) await this.lookBack(database);
    else if (draw < 0.96) await this.follow(database);
    else if (draw < 0.98) await this.ask(database, register);
    else await this.snapshot(database);
  }

  private get(database: number, key: string): Promise<Answer> {
    return this.call(database, { kind: 'get', key });
  }

  private async entry(database: number, key: string): Promise<EntryText | undefined | 'unknown'> {
    const answer = await this.get(database, key);
    return answer.kind === 'entry' ? answer.entry : 'unknown';
  }

  private put(database: number, key: string, checks: readonly CheckText[] = []): Promise<Answer> {
    const id = this.nextId();
    const op: OperationText = { op: 'put', key, value: this.value(database, id), expiresAt: undefined };
    return this.transact(database, [op], checks, id);
  }

  private async swap(database: number, key: string): Promise<void> {
    const entry = await this.entry(database, key);
    if (entry === undefined || entry === 'unknown') return;
    await this.put(database, key, [{ kind: 'version', key, ...entry.version }]);
  }

  /** Two registers at once, which nobody may ever see apart. */
  private async pair(database: number): Promise<void> {
    const id = this.nextId();
    const first = this.draw(this.settings.registers);
    const second = (first + 1) % this.settings.registers;
    const ops = [first, second].map((number): OperationText => {
      const key = `${KEY_KINDS.register}${number}`;
      return { op: 'put', key, value: this.value(database, id), expiresAt: undefined };
    });
    await this.transact(database, [...ops, this.marker(database, id)], [], id);
  }

  private async transfer(database: number): Promise<void> {
    const seen = await this.snapshot(database, { start: KEY_KINDS.account, end: 'a0' });
    if (seen === undefined) return;
    const id = this.nextId();
    const tag = tagOf(database);
    const entries = ACCOUNTS.map((key) => seen.entries.find((entry) => entry.key === key));
    const balance = (amount: bigint): string => valueOf(tag, id, String(amount));
    if (entries.some((entry) => entry === undefined)) {
      const checks = ACCOUNTS.map((key): CheckText => ({ kind: 'absent', key }));
      const share = MONEY / BigInt(ACCOUNTS.length);
      const ops = ACCOUNTS.map((key): OperationText => ({
        op: 'put',
        key,
        value: balance(share),
        expiresAt: undefined,
      }));
      await this.transact(database, [...ops, this.marker(database, id)], checks, id);
      return;
    }
    const from = this.draw(ACCOUNTS.length);
    const to = (from + 1 + this.draw(ACCOUNTS.length - 1)) % ACCOUNTS.length;
    const amount = BigInt(1 + this.draw(9));
    const moved = (
      [
        [from, -amount],
        [to, amount],
      ] as const
    ).map(([i, by]) => {
      const { key, value, version } = entries[i] as KeyedEntryText;
      const present = BigInt(readValue(tag, value)?.content ?? '0');
      const check: CheckText = { kind: 'version', key, ...version };
      const op: OperationText = { op: 'put', key, value: balance(present + by), expiresAt: undefined };
      return { check, op };
    });
    const ops = [...moved.map(({ op }) => op), this.marker(database, id)];
    await this.transact(
      database,
      ops,
      moved.map(({ check }) => check),
      id,
    );
  }

  private async append(database: number): Promise<void> {
    const key = this.key('list', 2);
    const list = await this.entry(database, key);
    if (list === 'unknown') return;
    const id = this.nextId();
    const tag = tagOf(database);
    const items = list === undefined ? '' : (readValue(tag, list.value)?.content ?? '');
    const value = valueOf(tag, id, items === '' ? id : `${items},${id}`);
    const check: CheckText = list === undefined ? { kind: 'absent', key } : { kind: 'version', key, ...list.version };
    await this.transact(database, [{ op: 'put', key, value, expiresAt: undefined }], [check], id);
  }

  private async count(database: number): Promise<void> {
    const id = this.nextId();
    const sum: OperationText = {
      op: 'sum',
      key: this.key('counter', 2),
      operand: this.parts.addends.nextOperand(database),
    };
    // Now and then all counters begin anew first. Alone it carries no marker, as most people's do.
    const before = this.random.fraction() < 0.2 ? [CLEAR_COUNTERS] : [];
    const after = this.random.fraction() < 0.5 ? [] : [this.marker(database, id)];
    await this.transact(database, [...before, sum, ...after], [], id);
  }

  /** A sum by itself, as most people's are, and now and then a look at what is there. */
  private async tally(database: number): Promise<void> {
    const { addends } = this.parts;
    const add = async () => {
      const { key, operand } = addends.nextPlace(database);
      return { key, answer: await this.transact(database, [{ op: 'sum', key, operand }]) };
    };
    let { key, answer } = await add();
    if (answer.kind === 'unknown' && this.random.fraction() < ASK_ANOTHER_SHARE) ({ key, answer } = await add());
    if (answer.kind === 'unknown' || this.random.fraction() < 0.5) await this.get(database, key);
  }

  private async clear(database: number): Promise<void> {
    const id = this.nextId();
    const put = (key: string): OperationText => ({
      op: 'put',
      key,
      value: this.value(database, id),
      expiresAt: undefined,
    });
    const kept = [put(this.key('cleared', 5)), put(this.key('cleared', 5))];
    if (this.random.fraction() < 0.5) {
      await this.transact(database, [...kept, this.marker(database, id)], [], id);
      return;
    }
    const start = `${KEY_KINDS.cleared}${this.draw(4)}`;
    const range = { start, end: this.random.fraction() < 0.5 ? 'x0' : `${KEY_KINDS.cleared}4` };
    if (this.random.fraction() < 0.5) {
      await this.transact(database, [{ op: 'deleteRange', range }], [], id);
      return;
    }
    await this.transact(
      database,
      [put(`${start}!`), { op: 'deleteRange', range }, ...kept, this.marker(database, id)],
      [],
      id,
    );
  }

  private async expire(database: number): Promise<void> {
    const id = this.nextId();
    const expiresAt = Math.floor(this.parts.world.clock.now()) + 200 + this.draw(8_000);
    const op: OperationText = { op: 'put', key: this.key('expiring', 3), value: this.value(database, id), expiresAt };
    await this.transact(database, [op], [], id);
  }

  /** Writes only if what it has seen of a range is still so after a while. */
  private async guard(database: number): Promise<void> {
    const range =
      this.random.fraction() < 0.5 ? { start: KEY_KINDS.expiring, end: 'e0' } : { start: KEY_KINDS.cleared, end: 'x0' };
    const seen = await this.snapshot(database, range);
    if (seen === undefined) return;
    await this.parts.world.clock.sleep(Math.ceil(this.random.fraction() * this.settings.thinkMs));
    const id = this.nextId();
    const op: OperationText = {
      op: 'put',
      key: `${KEY_KINDS.marker}guard`,
      value: this.value(database, id),
      expiresAt: undefined,
    };
    await this.transact(database, [op], [{ kind: 'range', range, since: seen.sequence }], id);
  }

  /** A transaction that commits nothing: whether something is still so. */
  private async ask(database: number, key: string): Promise<void> {
    const entry = await this.entry(database, key);
    if (entry === 'unknown') return;
    const check: CheckText = entry === undefined ? { kind: 'absent', key } : { kind: 'version', key, ...entry.version };
    await this.transact(database, [], [check]);
  }

  private async lookBack(database: number): Promise<void> {
    const known = listIn(this.versions, database);
    const at = known[this.draw(known.length)];
    await this.snapshot(database, EVERYTHING, at);
  }

  private async follow(database: number): Promise<void> {
    const since = this.followed.get(database) ?? 0;
    const answer = await this.call(database, { kind: 'feed', since, maxCommits: 1 + this.draw(FEED_COMMITS) });
    if (answer.kind === 'feed') this.followed.set(database, answer.through);
    // Its history is gone: from the present on, then.
    else if (answer.kind === 'disclaimed' && answer.code === 'history-gone') {
      this.followed.set(database, listIn(this.versions, database).at(-1) ?? 0);
    }
  }

  /** Sends something again that was acknowledged under an idempotency key, perhaps long ago and by another owner. */
  private async repeat(database: number): Promise<void> {
    const { world, service } = this.parts;
    const acknowledged = listIn(this.byDatabase, database).filter(
      ({ request, answer }) => request.kind === 'transact' && request.keyed && answer.kind === 'committed',
    );
    const call = acknowledged[this.draw(acknowledged.length)];
    if (call === undefined) return;
    const { answer } = await service.ask(database, call.id, call.request);
    world.trace.add(`${this.name} ${call.id} ${database} again ${answer.kind}`);
    call.repetitions = [...(call.repetitions ?? []), answer];
  }

  private async transact(
    database: number,
    ops: readonly OperationText[],
    checks: readonly CheckText[] = [],
    id = this.nextId(),
  ): Promise<Answer> {
    const keyed = this.random.fraction() < 0.6;
    const answer = await this.call(database, { kind: 'transact', checks, ops, keyed }, id);
    if (answer.kind === 'committed') listIn(this.versions, database).push(answer.version.sequence);
    return answer;
  }

  private async call(database: number, request: Request, id = this.nextId()): Promise<Answer> {
    const { world, service } = this.parts;
    const [begunAt, begunMs] = [world.moment(), world.clock.now()];
    const repeats = request.kind === 'transact' && request.keyed ? REPEATS : 0;
    let { answer, session } = await service.ask(database, id, request);
    for (let i = 0; i < repeats && answer.kind === 'unknown'; i++) {
      const again = await service.ask(database, id, request);
      // That this attempt did nothing says nothing about those before it, which may still be on their way.
      if (again.answer.kind === 'committed') ({ answer, session } = again);
      if (again.answer.kind === 'committed' && again.answer.effect === 'repeated') world.counts.repetitions++;
    }
    const [endedAt, endedMs] = [world.moment(), world.clock.now()];
    world.trace.add(`${this.name} ${id} ${database} ${request.kind} ${answer.kind} ${session ?? ''}`);
    const call: OwnCall = { id, client: this.name, begunAt, endedAt, begunMs, endedMs, request, answer, session };
    this.calls.push(call);
    listIn(this.byDatabase, database).push(call);
    return answer;
  }

  /** Its calls by database. */
  readonly byDatabase = new Map<number, OwnCall[]>();

  private marker(database: number, id: string): OperationText {
    return {
      op: 'put',
      key: `${KEY_KINDS.marker}${this.name}`,
      value: valueOf(tagOf(database), id),
      expiresAt: undefined,
    };
  }

  private value(database: number, id: string): string {
    const isLarge = this.random.fraction() < this.settings.largeShare;
    return valueOf(tagOf(database), id, '', isLarge ? this.settings.largeBytes : 0);
  }

  private key(kind: keyof typeof KEY_KINDS, count: number): string {
    return `${KEY_KINDS[kind]}${this.draw(count)}`;
  }

  private nextId(): string {
    return `${this.name}-${this.drawn++}`;
  }

  private draw(below: number): number {
    return Math.floor(this.random.fraction() * below);
  }
}

function listIn<T>(lists: Map<number, T[]>, database: number): T[] {
  const list = lists.get(database) ?? [];
  lists.set(database, list);
  return list;
}
