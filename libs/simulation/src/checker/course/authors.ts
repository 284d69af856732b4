import { isCounted } from '../../history/values.js';
import type { CommitText, DatabaseHistory } from '../../history/history.js';
import { isEffectOf } from '../model/effects.js';
import { writerOf } from '../model/writer-of.js';
import type { Transaction } from './calls.js';
import { acknowledgedAt, isDenied, isTransaction, nameOf } from './calls.js';
import type { Ground } from './conditions.js';
import { isOfExpiry, mayHold } from './conditions.js';

/** Whose each commit is. */
export interface Authors {
  /** By sequence. */
  readonly of: ReadonlyMap<number, Transaction>;
  /** Sequences that only delete what had expired, which owners do on their own. */
  readonly expiries: ReadonlySet<number>;
  /** Of those: what may have been a client's delete as well, and whose. */
  readonly doubtful: ReadonlyMap<number, Transaction>;
  /** Commits that nobody asked for, and what is in two of them or in none although it must be. */
  readonly faults: readonly string[];
}

/**
 * Finds them by the call ids in values, then by acknowledged versions; what bears no name and was not acknowledged (a delete, a range
 * delete or a sum of unknown outcome) by what it did.
 */
export class Attribution {
  private readonly of = new Map<number, Transaction>();
  private readonly expiries = new Set<number>();
  private readonly doubtful = new Map<number, Transaction>();
  private readonly faults: string[] = [];
  private readonly transactions: readonly Transaction[];
  private readonly unnamed: CommitText[] = [];

  constructor(
    private readonly database: DatabaseHistory,
    private readonly commits: readonly CommitText[],
    private readonly ground: Ground,
  ) {
    this.transactions = database.calls.filter(isTransaction);
    this.nameCommits();
  }

  /** The timeline has to know all sightings. */
  authors(): Authors {
    this.matchUnnamed();
    this.judgeTransactions();
    const { of, expiries, doubtful, faults } = this;
    return { of, expiries, doubtful, faults };
  }

  private nameCommits(): void {
    const byId = new Map(this.transactions.map((call) => [call.id, call]));
    const acknowledged = new Map<number, Transaction>();
    for (const call of this.transactions) {
      const version = acknowledgedAt(call);
      if (version !== undefined) acknowledged.set(version.sequence, call);
    }
    for (const commit of this.commits) {
      const { sequence } = commit.version;
      const ids = callIdsIn(commit, this.database.tag);
      const [id] = ids;
      const call = id === undefined ? acknowledged.get(sequence) : byId.get(id);
      if (ids.size > 1) this.faults.push(`commit ${sequence} holds values of several calls: ${[...ids].join(', ')}`);
      if (call === undefined) {
        if (id === undefined) this.unnamed.push(commit);
        else this.faults.push(`nobody asked for commit ${sequence}, whose values name ${id}`);
        continue;
      }
      this.of.set(sequence, call);
      this.ground.timeline.begun(sequence, call);
    }
  }

  private matchUnnamed(): void {
    const taken = new Set([...this.of.values()].map(({ id }) => id));
    const free = this.transactions
      .filter(({ id, answer, request }) => answer.kind === 'unknown' && request.ops.length > 0 && !taken.has(id))
      .sort((a, b) => a.begunAt - b.begunAt);
    const candidates = new Map<CommitText, readonly Transaction[]>();
    for (const commit of this.unnamed) {
      const { sequence } = commit.version;
      const fitting = free.filter((call) => this.fits(commit, call));
      const [first] = fitting;
      if (isOfExpiry(commit, this.ground)) {
        this.expiries.add(sequence);
        if (first !== undefined) this.doubtful.set(sequence, first);
      } else if (first === undefined) {
        this.faults.push(`nobody asked for commit ${sequence}: ${wordsOf(commit)}`);
      } else candidates.set(commit, fitting);
    }
    for (const [commit, call] of matched(candidates)) {
      const { sequence } = commit.version;
      if (call === undefined) {
        this.faults.push(`commit ${sequence} was asked for less often than it is there: ${wordsOf(commit)}`);
        continue;
      }
      this.of.set(sequence, call);
      // Which of them it was is not known, only that one was.
      this.ground.timeline.begun(sequence, (candidates.get(commit) ?? [call])[0] as Transaction);
    }
  }

  private fits(commit: CommitText, call: Transaction): boolean {
    const { ops, checks } = call.request;
    const { sequence } = commit.version;
    if (!mayTouchTheSame(commit, call) || call.begunAt > this.ground.timeline.seenBy(sequence)) return false;
    const { replay, instants } = this.ground;
    const instant = instants.ofCommit(sequence, call);
    const heldOf = (key: string) => replay.heldAt(key, sequence - 1);
    return (
      isEffectOf(commit, ops, this.database.tag, heldOf, instant) && mayHold(checks, sequence - 1, instant, this.ground)
    );
  }

  /** At most once, and where it was acknowledged. */
  private judgeTransactions(): void {
    const places = new Map<string, number[]>();
    for (const [sequence, { id }] of this.of) places.set(id, [...(places.get(id) ?? []), sequence]);
    for (const call of this.transactions) {
      const at = places.get(call.id) ?? [];
      const version = acknowledgedAt(call);
      if (at.length > 1) this.faults.push(`${call.id} was applied ${at.length} times, at ${at.join(' and ')}`);
      if (isDenied(call) && at.length > 0) this.faults.push(`${call.id} was ${call.answer.kind} and is at ${at[0]}`);
      if (version === undefined) continue;
      if (at.length === 0) this.faults.push(`${call.id} was acknowledged at ${nameOf(version)} and is lost`);
      else if (!at.includes(version.sequence))
        this.faults.push(`${call.id} was acknowledged at ${nameOf(version)} and is at ${at[0]}`);
    }
  }
}

function callIdsIn({ entries }: CommitText, tag: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { key, kind, value } of entries) {
    // The bytes of a number may look like anything.
    if (kind !== 'put' || isCounted(key)) continue;
    const id = writerOf(tag, value);
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/** Spares most pairs the look at what they do. */
function mayTouchTheSame({ entries, rangeDeletes }: CommitText, { request: { ops } }: Transaction): boolean {
  const [first] = ops;
  if (first === undefined || first.op === 'deleteRange') return rangeDeletes.length > 0;
  return entries.some(({ key }) => key === first.key) || rangeDeletes.length > 0;
}

/** As many commits as can be with a call of their own each, by augmenting paths. */
function matched(
  candidates: ReadonlyMap<CommitText, readonly Transaction[]>,
): Map<CommitText, Transaction | undefined> {
  const takenBy = new Map<Transaction, CommitText>();
  const found = new Map<CommitText, Transaction | undefined>();
  const place = (commit: CommitText, tried: Set<Transaction>): boolean => {
    for (const call of candidates.get(commit) ?? []) {
      if (tried.has(call)) continue;
      tried.add(call);
      const holder = takenBy.get(call);
      if (holder !== undefined && !place(holder, tried)) continue;
      takenBy.set(call, commit);
      found.set(commit, call);
      return true;
    }
    return false;
  };
  for (const commit of candidates.keys()) if (!place(commit, new Set())) found.set(commit, undefined);
  return found;
}

function wordsOf({ entries, rangeDeletes }: CommitText): string {
  const words = [
    ...entries.map(({ key, kind }) => `${kind} ${key}`),
    ...rangeDeletes.map(({ start, end }) => `delete ${start}..${end ?? ''}`),
  ];
  return words.join(', ') || 'nothing';
}
