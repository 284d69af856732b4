import type {
  Answer,
  Call,
  CheckText,
  DatabaseHistory,
  FrameText,
  History,
  OperationText,
  RangeText,
  Request,
  UsageText,
  VersionText,
} from '../../history/history.js';
import { valueOf } from '../../history/values.js';
import { NaiveDatabase } from './naive-database.js';

/** Everything of a database. */
export const EVERYTHING: RangeText = { start: '', end: undefined };
export const MS_PER_MOMENT = 10;

export function msOf(moment: number): number {
  return moment * MS_PER_MOMENT;
}

/** A check that nothing in the range has changed since. */
export function unchanged(range: RangeText, since: number): CheckText {
  return { kind: 'range', range, since };
}

export interface When {
  /** A moment of before; by default it begins now. */
  readonly begunAt?: number;
  readonly client?: string;
}

export interface TransactOptions extends When {
  readonly checks?: readonly CheckText[];
  readonly keyed?: boolean;
  readonly answer?: 'acknowledged' | 'repeated' | 'unknown' | 'disclaimed';
  /** By default if it is acknowledged. */
  readonly isApplied?: boolean;
  /** Whether a transaction of several operations bears its name; it does by default. */
  readonly isMarked?: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Tells a history call by call, each at one moment and answered rightly, unless the test says otherwise or alters it afterwards. */
export class HistoryBuilder {
  readonly tag = 'd0';
  readonly calls: Mutable<Call>[] = [];
  readonly frames: FrameText[] = [];
  readonly database = new NaiveDatabase(this.tag);
  epoch = 1;
  moment = 0;
  /** Added up as commits are made; a test may spoil it. */
  usage: Mutable<UsageText> = { commits: 0, writeUnits: 0, writtenBytes: 0 };
  commits: DatabaseHistory['commits'] = this.database.commits;

  get session(): string {
    return `session-${this.epoch}`;
  }

  get nowMs(): number {
    return this.moment * MS_PER_MOMENT;
  }

  /** When what is asked next begins. */
  private get nextMs(): number {
    return (this.moment + 1) * MS_PER_MOMENT;
  }

  /** Another session takes the database over. */
  takeOver(): void {
    this.epoch += 1;
  }

  /** @param opsOf from the id of the call, which values bear */
  transact(opsOf: (id: string) => readonly OperationText[], options: TransactOptions = {}): Mutable<Call> {
    const { checks = [], keyed = false, answer = 'acknowledged', isMarked = true } = options;
    const { isApplied = answer === 'acknowledged' } = options;
    const id = `c${this.calls.length}`;
    const ops = [...opsOf(id)];
    if (ops.length > 1 && isMarked) ops.push(this.putOf(id, `m/${options.client ?? 'a'}`));
    const request: Request = { kind: 'transact', checks, ops, keyed };
    const call = this.call(request, { kind: 'unknown' }, options);
    if (isApplied && ops.length > 0) this.land(call);
    const version = this.versionOf(this.database.last);
    if (answer === 'acknowledged' && ops.length === 0) call.answer = { kind: 'committed', version, effect: 'nothing' };
    else if (answer === 'acknowledged') call.answer = { kind: 'committed', version, effect: 'committed' };
    else if (answer === 'repeated') call.answer = { kind: 'committed', version, effect: 'repeated' };
    else if (answer === 'disclaimed') call.answer = { kind: 'disclaimed', code: 'owner-unavailable' };
    else call.session = undefined;
    return call;
  }

  /** What the call asked for is committed now, whatever it was told. */
  land({ request }: Call): VersionText {
    return this.commit(request.kind === 'transact' ? request.ops : []);
  }

  /** The owner deletes what has expired; nobody pays. */
  expire(...keys: readonly string[]): VersionText {
    return this.commit(
      keys.map((key) => ({ op: 'delete', key })),
      false,
    );
  }

  put(
    key: string,
    options: TransactOptions & { content?: string; expiresAt?: number; sizeBytes?: number } = {},
  ): Mutable<Call> {
    return this.transact((id) => [this.putOf(id, key, options)], options);
  }

  /** Two keys in one transaction. */
  pair(options: TransactOptions = {}, keys: readonly string[] = ['x/0', 'x/1']): Mutable<Call> {
    return this.transact((id) => keys.map((key) => this.putOf(id, key)), options);
  }

  delete(key: string, options: TransactOptions = {}): Mutable<Call> {
    return this.transact(() => [{ op: 'delete', key }], options);
  }

  sum(key: string, operand: bigint, options: TransactOptions = {}): Mutable<Call> {
    return this.transact(() => [{ op: 'sum', key, operand }], options);
  }

  refused(check: CheckText, present: VersionText | undefined, when: When = {}): Mutable<Call> {
    const ops = [this.putOf(`c${this.calls.length}`, 'r/0')];
    const request: Request = { kind: 'transact', checks: [check], ops, keyed: false };
    return this.call(request, { kind: 'refused', failedCheck: 0, present }, when);
  }

  /** @param of version whose state it is shown, the present one by default */
  get(key: string, when: When = {}, of = this.database.last): Mutable<Call> {
    const entry = this.database.entriesAt(of, this.nextMs).find((found) => found.key === key);
    const shown = entry && { value: entry.value, version: entry.version };
    return this.call({ kind: 'get', key }, { kind: 'entry', entry: shown }, when);
  }

  snapshot(when: When & { range?: RangeText; at?: number } = {}, of = when.at ?? this.database.last): Mutable<Call> {
    const { range = EVERYTHING, at } = when;
    const entries = this.database.entriesAt(of, this.nextMs, range);
    return this.call({ kind: 'snapshot', range, at }, { kind: 'snapshot', version: this.versionOf(of), entries }, when);
  }

  /** @param through the last commit that it tells; where that is not the last one, it asked for no more */
  feed(since: number, through = this.database.last): Mutable<Call> {
    const commits = this.database.commits.slice(since, through);
    const maxCommits = through === this.database.last ? 1_000 : through - since;
    return this.call({ kind: 'feed', since, maxCommits }, { kind: 'feed', commits, through }, {});
  }

  call(request: Request, answer: Answer, { begunAt = ++this.moment, client = 'a' }: When): Mutable<Call> {
    const endedAt = ++this.moment;
    const times = { begunAt, endedAt, begunMs: begunAt * MS_PER_MOMENT, endedMs: endedAt * MS_PER_MOMENT };
    const call = { id: `c${this.calls.length}`, client, ...times, request, answer, session: this.session };
    this.calls.push(call);
    return call;
  }

  putOf(
    id: string,
    key: string,
    { content, expiresAt, sizeBytes }: { content?: string; expiresAt?: number; sizeBytes?: number } = {},
  ): OperationText {
    return { op: 'put', key, value: valueOf(this.tag, id, content, sizeBytes), expiresAt };
  }

  /** What may have expired or may yet, and when. */
  expiring(): ReadonlyMap<string, number> {
    return this.database.expiring();
  }

  versionOf(sequence: number): VersionText {
    return this.database.commits[sequence - 1]?.version ?? { epoch: 0, sequence: 0 };
  }

  history(): History {
    const { tag, calls, commits, frames, usage } = this;
    return { databases: [{ number: 0, tag, calls, commits, usage, frames }] };
  }

  private commit(ops: readonly OperationText[], isPaid = true): VersionText {
    const commit = this.database.commit(ops, this.epoch, this.nowMs);
    const { sequence } = commit.version;
    const digests = [JSON.stringify(commit.entries)];
    const place = { session: this.session, segment: sequence, epoch: this.epoch };
    this.frames.push({ ...place, firstSequence: sequence, lastSequence: sequence, digests });
    this.usage.commits += 1;
    for (const op of isPaid ? ops : []) {
      const bytes = this.bytesOf(op);
      this.usage.writtenBytes += bytes;
      this.usage.writeUnits += op.op === 'delete' || op.op === 'deleteRange' ? 1 : Math.floor((bytes + 1023) / 1024);
    }
    return commit.version;
  }

  private bytesOf(op: OperationText): number {
    if (op.op === 'deleteRange') return op.range.start.length + (op.range.end ?? '').length;
    if (op.op === 'delete') return op.key.length;
    return op.key.length + (op.op === 'put' ? op.value.length : this.tag.length + 8);
  }
}
