import type { Call, CommitText, OperationText } from '../../history/history.js';
import { operandAt, PLACES_PER_TALLY, timesAt } from '../../history/tally.js';
import { KEY_KINDS } from '../../history/values.js';
import type { Transaction } from '../course/calls.js';
import { acknowledgedAt, isDenied, isTransaction } from '../course/calls.js';
import type { Course } from '../course/course.js';
import { counterOf } from '../model/counter.js';
import { rangeHolds } from '../model/range.js';

/** A tally as somebody was shown it. */
interface Sight {
  readonly by: string;
  /** Undefined: what is there is no number. */
  readonly number: bigint | undefined;
  readonly begunAt: number;
  readonly endedAt: number;
  /** As it was at some moment between the two, and not at one of the past. */
  readonly isPresent: boolean;
}

/** A digit that is there from a moment on. */
interface Known {
  readonly place: number;
  readonly at: number;
  readonly by: string;
}

/**
 * Each sum is in its tally once, or, if nobody was told what became of it, once or not at all; never before it was asked for, never twice, and for good. From what clients
 * were shown alone: it takes no commits to see a sum that was doubled.
 */
export function tallies({ database }: Course): readonly string[] {
  const { calls, commits = [], tag } = database;
  const sums = sumsByKey(calls);
  return [...sums].flatMap(([key, places]) => faultsOfTally(key, places, sightsOf(key, calls, commits, tag)));
}

/** By key, the transaction that adds to each place. */
function sumsByKey(calls: readonly Call[]): ReadonlyMap<string, ReadonlyMap<number, Transaction>> {
  const sums = new Map<string, Map<number, Transaction>>();
  for (const call of calls.filter(isTransaction)) {
    for (const op of call.request.ops.filter(isTallied)) {
      const places = sums.get(op.key) ?? new Map<number, Transaction>();
      sums.set(op.key, places);
      for (let place = 0; place < PLACES_PER_TALLY; place++)
        if (op.operand === operandAt(place)) places.set(place, call);
    }
  }
  return sums;
}

function isTallied(op: OperationText): op is Extract<OperationText, { readonly op: 'sum' | 'min' | 'max' }> {
  return op.op === 'sum' && op.key.startsWith(KEY_KINDS.tally);
}

function sightsOf(key: string, calls: readonly Call[], commits: readonly CommitText[], tag: string): readonly Sight[] {
  const sights: Sight[] = [];
  const see = (value: string | undefined, by: string, when: Omit<Sight, 'by' | 'number'>): void =>
    void sights.push({ by, number: value === undefined ? 0n : counterOf(tag, value), ...when });
  const seeCommits = (some: readonly CommitText[], by: string, endedAt: number): void => {
    for (const { version, entries } of some) {
      const entry = entries.find((each) => each.key === key);
      if (entry === undefined) continue;
      const value = entry.kind === 'put' ? entry.value : undefined;
      see(value, `${by} of ${version.sequence}`, { begunAt: -Infinity, endedAt, isPresent: false });
    }
  };
  seeCommits(commits, 'the commit', Infinity);
  for (const { id, request, answer, begunAt, endedAt } of calls) {
    if (request.kind === 'get' && answer.kind === 'entry' && request.key === key)
      see(answer.entry?.value, id, { begunAt, endedAt, isPresent: true });
    if (request.kind === 'snapshot' && answer.kind === 'snapshot' && rangeHolds(request.range, key)) {
      const entry = answer.entries.find((each) => each.key === key);
      see(entry?.value, id, { begunAt, endedAt, isPresent: request.at === undefined });
    }
    if (answer.kind === 'feed') seeCommits(answer.commits, `${id}, commit`, endedAt);
  }
  return sights;
}

function faultsOfTally(
  key: string,
  places: ReadonlyMap<number, Transaction>,
  sights: readonly Sight[],
): readonly string[] {
  const faults: string[] = [];
  const known: Known[] = [];
  for (const [place, call] of places) {
    if (acknowledgedAt(call) !== undefined) known.push({ place, at: call.endedAt, by: call.id });
  }
  for (const sight of sights) {
    const { by, number, endedAt, isPresent } = sight;
    if (number === undefined) {
      faults.push(`${by} shows ${key} as what is no number`);
      continue;
    }
    for (let place = 0; place < PLACES_PER_TALLY; place++) {
      const times = timesAt(place, number);
      if (times === 0) continue;
      faults.push(...faultsOfPlace(key, place, times, places.get(place), sight));
      if (isPresent) known.push({ place, at: endedAt, by });
    }
  }
  return [...faults, ...faultsOfLosses(key, places, known, sights)];
}

function faultsOfPlace(
  key: string,
  place: number,
  times: number,
  call: Transaction | undefined,
  { by, endedAt }: Sight,
): readonly string[] {
  if (call === undefined) return [`${by} shows ${key} with a sum at place ${place} that nobody asked for`];
  const { id } = call;
  if (times > 1) return [`${by} shows ${key} with the sum of ${id} ${times} times`];
  if (isDenied(call)) return [`${by} shows ${key} with the sum of ${id}, which was ${call.answer.kind}`];
  if (call.begunAt > endedAt) return [`${by} shows ${key} with the sum of ${id}, which was asked for later`];
  return [];
}

/** What was acknowledged, or shown once, is shown by whoever asks later. */
function faultsOfLosses(
  key: string,
  places: ReadonlyMap<number, Transaction>,
  known: readonly Known[],
  sights: readonly Sight[],
): readonly string[] {
  const first = new Map<number, Known>();
  for (const each of known) {
    const other = first.get(each.place);
    if (other === undefined || each.at < other.at) first.set(each.place, each);
  }
  return sights.flatMap(({ by, number, begunAt, isPresent }) => {
    if (!isPresent || number === undefined) return [];
    return [...first.values()].flatMap((each) => {
      if (each.at >= begunAt || timesAt(each.place, number) > 0) return [];
      const asker = places.get(each.place)?.id ?? 'nobody';
      return [`${by} shows ${key} without the sum of ${asker}, which ${each.by} was told of before`];
    });
  });
}
