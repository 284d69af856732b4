import type { Commit } from '@leasehold/engine';
import { compareBytes, utf8 } from '@leasehold/foundation';

import { applyCounter } from '../src/transaction/counter.js';
import type { Check, Operation, Transaction } from '../src/transaction/transaction.js';

/** Keys of the ledger; what lies elsewhere is the history's. */
export const LEDGER_PREFIX = 't/';

/** When something was begun and ended: in the one order of all events, and on the clock. */
export interface Interval {
  readonly begunAt: number;
  readonly begunMs: number;
  endedAt: number;
  endedMs: number;
}

/** As in a history; a transaction writes its id under the marker of its client, so that its commit tells whose it is. */
export interface LedgerTransaction extends Interval {
  readonly id: string;
  readonly database: number;
  readonly tx: Transaction;
  outcome: 'acknowledged' | 'refused' | 'disclaimed' | 'unknown';
  /** Of the commit; of a refusal the present one of what failed. */
  sequence: number | undefined;
  failedCheck: number | undefined;
}

/** Everything that a snapshot read has shown of the ledger. */
export interface LedgerReading extends Interval {
  readonly database: number;
  readonly sequence: number;
  /** A read of the past says nothing about what is present. */
  readonly isPast: boolean;
  readonly shown: ReadonlyMap<string, { readonly value: string; readonly sequence: number }>;
}

export interface LedgerPage {
  readonly database: number;
  readonly since: number;
  readonly through: number;
  readonly commits: readonly string[];
}

interface Held {
  readonly value: string;
  readonly sequence: number;
  readonly expiresAt: number;
}

type State = ReadonlyMap<string, Held>;

/** Transactions, snapshots and feeds of some clients, judged by the feed of everything that was committed. */
export class Ledger {
  readonly transactions: LedgerTransaction[] = [];
  readonly readings: LedgerReading[] = [];
  readonly pages: LedgerPage[] = [];

  /** @param feed every commit of the database, from the first on */
  faultsOf(database: number, feed: readonly Commit[]): string[] {
    const states: State[] = [new Map()];
    const faults: string[] = [];
    for (const [i, commit] of feed.entries()) {
      if (commit.version.sequence !== i + 1) faults.push(`the feed has a gap before ${commit.version.sequence}`);
      states.push(after(states[i] as State, commit));
    }
    const of = <T extends { readonly database: number }>(items: readonly T[]): T[] =>
      items.filter((item) => item.database === database);
    return [
      ...faults,
      ...of(this.transactions).flatMap((tx) => faultsOfTransaction(tx, feed, states)),
      ...faultsOfStrangers(of(this.transactions), feed, states),
      ...of(this.readings).flatMap((reading) => faultsOfReading(reading, states)),
      ...faultsOfOrder(of(this.transactions), of(this.readings)),
      ...of(this.pages).flatMap((page) => faultsOfPage(page, feed)),
    ];
  }
}

/** A commit as text that is equal when it is the same commit. */
export function digestOf({ version, entries, rangeDeletes }: Commit): string {
  const effects = entries.map(({ key, kind, value }) => `${text(key)}:${kind}:${text(value)}`).sort();
  const ranges = rangeDeletes.map(({ start, end }) => `${text(start)}..${end ? text(end) : ''}`).sort();
  return `${version.epoch}.${version.sequence} ${[...effects, ...ranges].join(' ')}`;
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function bytesOf(latin1: string): Uint8Array {
  return Buffer.from(latin1, 'latin1');
}

function after(before: State, { version, entries, rangeDeletes }: Commit): State {
  const state = new Map(before);
  for (const key of before.keys()) if (rangeDeletes.some((range) => holds(range, key))) state.delete(key);
  for (const { key, kind, value, expiresAt } of entries) {
    const name = text(key);
    if (!name.startsWith(LEDGER_PREFIX)) continue;
    if (kind === 'delete') state.delete(name);
    else state.set(name, { value: text(value), sequence: version.sequence, expiresAt });
  }
  return state;
}

function holds({ start, end }: { readonly start?: Uint8Array; readonly end?: Uint8Array }, key: string): boolean {
  const bytes = utf8(key);
  return (
    (start === undefined || compareBytes(bytes, start) >= 0) && (end === undefined || compareBytes(bytes, end) < 0)
  );
}

/** Whether a key may have been there at some time in the interval, and whether it may not. */
function presence(held: Held | undefined, { begunMs, endedMs }: Interval): { may: boolean; mayNot: boolean } {
  if (held === undefined) return { may: false, mayNot: true };
  return { may: held.expiresAt > begunMs, mayNot: held.expiresAt <= endedMs };
}

function mayHold(check: Check, state: State, before: readonly State[], interval: Interval): boolean {
  if (check.kind === 'range') {
    const then = before[check.since];
    return then !== undefined && sameIn(check.range, then, state, interval);
  }
  const held = state.get(text(check.key));
  const { may, mayNot } = presence(held, interval);
  const { precondition } = check;
  if (precondition.kind === 'absent') return mayNot;
  if (precondition.kind === 'present') return may;
  return precondition.kind === 'none' || (may && held?.sequence === precondition.version.sequence);
}

function mayFail(check: Check, state: State, interval: Interval): boolean {
  // A range that was changed back is as it was, and has changed all the same.
  if (check.kind === 'range') return true;
  const held = state.get(text(check.key));
  const { may, mayNot } = presence(held, interval);
  const { precondition } = check;
  if (precondition.kind === 'absent') return may;
  if (precondition.kind === 'present') return mayNot;
  return precondition.kind === 'version' && (mayNot || held?.sequence !== precondition.version.sequence);
}

function sameIn(range: { start?: Uint8Array; end?: Uint8Array }, then: State, now: State, interval: Interval): boolean {
  for (const key of new Set([...then.keys(), ...now.keys()])) {
    if (!holds(range, key)) continue;
    const [a, b] = [then.get(key), now.get(key)];
    if (a?.sequence !== b?.sequence) {
      // An expired put may be deleted without anybody noticing.
      const isExpired = b === undefined && a !== undefined && a.expiresAt <= interval.begunMs;
      if (!isExpired) return false;
    }
  }
  return true;
}

/** What the operations must come to, naively. */
function expectedAfter(before: State, ops: readonly Operation[], sequence: number): State {
  const state = new Map(before);
  for (const op of ops) {
    if (op.op === 'deleteRange') {
      for (const key of [...state.keys()]) if (holds(op.range, key)) state.delete(key);
      continue;
    }
    const key = text(op.key);
    if (op.op === 'put') state.set(key, { value: text(op.value), sequence, expiresAt: op.expiresAt ?? Infinity });
    else if (op.op === 'delete') state.delete(key);
    else {
      const present = state.get(key);
      const value = applyCounter(op, present && bytesOf(present.value));
      if (value) state.set(key, { value: text(value), sequence, expiresAt: Infinity });
    }
  }
  return state;
}

function equalStates(a: State, b: State): boolean {
  const shown = (state: State): string =>
    [...state]
      .map(([key, { value, sequence, expiresAt }]) => `${key}=${value}@${sequence}<${expiresAt}`)
      .sort()
      .join();
  return shown(a) === shown(b);
}

function commitsOf({ id }: LedgerTransaction, feed: readonly Commit[]): readonly Commit[] {
  return feed.filter(({ entries }) => entries.some(({ key, value }) => isMarker(text(key)) && text(value) === id));
}

function isMarker(key: string): boolean {
  return key.startsWith(`${LEDGER_PREFIX}m`);
}

function faultsOfTransaction(tx: LedgerTransaction, feed: readonly Commit[], states: readonly State[]): string[] {
  const { id, outcome, sequence } = tx;
  const commits = commitsOf(tx, feed);
  const faults: string[] = [];
  if (commits.length > 1) faults.push(`${id} was applied ${commits.length} times`);
  if (outcome === 'acknowledged' && commits.length === 0) faults.push(`${id} was acknowledged and is lost`);
  if ((outcome === 'refused' || outcome === 'disclaimed') && commits.length > 0)
    faults.push(`${id} was ${outcome} and is there`);
  if (outcome === 'refused') faults.push(...faultsOfRefusal(tx, states));
  for (const { version } of commits) {
    const at = version.sequence;
    if (outcome === 'acknowledged' && sequence !== at)
      faults.push(`${id} was acknowledged at ${sequence} and is at ${at}`);
    const before = states[at - 1] as State;
    for (const [i, check] of tx.tx.checks.entries()) {
      if (!mayHold(check, before, states, tx)) faults.push(`check ${i} of ${id} did not hold before ${at}`);
    }
    if (!equalStates(expectedAfter(before, tx.tx.ops, at), states[at] as State))
      faults.push(`${id} at ${at} did something else`);
  }
  return faults;
}

/** At some version that was present during the call the check that is named fails, as the answer says. */
function faultsOfRefusal(tx: LedgerTransaction, states: readonly State[]): string[] {
  const {
    id,
    failedCheck = 0,
    sequence,
    tx: { checks },
  } = tx;
  const check = checks[failedCheck];
  if (check === undefined) return [`${id} names a check that it does not have: ${failedCheck}`];
  const isExplained = states.some((state) => {
    if (!mayFail(check, state, tx)) return false;
    return check.kind === 'range' || sequence === undefined || state.get(text(check.key))?.sequence === sequence;
  });
  return isExplained ? [] : [`check ${failedCheck} of ${id} never failed so`];
}

/** Whatever else changes the ledger deletes what has expired. */
function faultsOfStrangers(
  transactions: readonly LedgerTransaction[],
  feed: readonly Commit[],
  states: readonly State[],
): string[] {
  const known = new Set(transactions.flatMap((tx) => commitsOf(tx, feed)));
  return feed.flatMap((commit, i) => {
    const touched = commit.entries.filter(({ key }) => text(key).startsWith(LEDGER_PREFIX));
    if (known.has(commit) || touched.length === 0) return [];
    const isExpiry = touched.every(({ key, kind }) => {
      const held = states[i]?.get(text(key));
      return kind === 'delete' && held !== undefined && held.expiresAt !== Infinity;
    });
    return isExpiry ? [] : [`nobody asked for the commit ${commit.version.sequence}`];
  });
}

function faultsOfReading(reading: LedgerReading, states: readonly State[]): string[] {
  const { sequence, shown } = reading;
  const state = states[sequence];
  if (state === undefined) return [`a snapshot of a version that does not exist: ${sequence}`];
  const faults: string[] = [];
  for (const key of new Set([...state.keys(), ...shown.keys()])) {
    const held = state.get(key);
    const { may, mayNot } = presence(held, reading);
    const entry = shown.get(key);
    if (entry === undefined ? !mayNot : !may || entry.value !== held?.value || entry.sequence !== held.sequence) {
      faults.push(
        `a snapshot of ${sequence} shows ${key} as ${entry?.value ?? 'absent'}, not ${held?.value ?? 'absent'}`,
      );
    }
  }
  return faults;
}

/** Versions follow real time. */
function faultsOfOrder(transactions: readonly LedgerTransaction[], readings: readonly LedgerReading[]): string[] {
  const events = [
    ...transactions
      .filter(({ outcome }) => outcome === 'acknowledged')
      .map((tx) => ({ ...tx, least: tx.sequence ?? 0, name: tx.id })),
    ...readings
      .filter(({ isPast }) => !isPast)
      .map((reading) => ({ ...reading, least: reading.sequence, name: 'a snapshot' })),
  ];
  const faults: string[] = [];
  for (const earlier of events) {
    for (const later of events) {
      if (earlier.endedAt < later.begunAt && earlier.least > later.least) {
        faults.push(`${later.name} at ${later.least} came after ${earlier.name} at ${earlier.least}`);
      }
    }
  }
  return faults;
}

function faultsOfPage({ since, through, commits }: LedgerPage, feed: readonly Commit[]): string[] {
  const expected = feed.filter(({ version }) => version.sequence > since && version.sequence <= through).map(digestOf);
  const isSame = expected.length === commits.length && expected.every((digest, i) => digest === commits[i]);
  return isSame
    ? []
    : [`the feed told ${commits.length} commits from ${since} to ${through}, there are ${expected.length}`];
}
