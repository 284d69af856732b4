import type { Call, KeyedEntryText, VersionText } from '../../history/history.js';
import { isSameVersion, isTransaction, nameOf } from '../course/calls.js';
import type { Ground } from '../course/conditions.js';
import { mayHold } from '../course/conditions.js';
import type { Instant } from '../model/presence.js';
import { mayBeAbsent, mayBeThere } from '../model/presence.js';
import { rangeHolds } from '../model/range.js';

/** Answers that name the version that they show equal the state of it. When it was the present one is for the timeline to say. */
export function faultsOfReading(call: Call, ground: Ground): readonly string[] {
  const { request, answer, id } = call;
  const { replay, instants } = ground;
  if (answer.kind === 'entry' && answer.entry !== undefined && request.kind === 'get') {
    const { version } = answer.entry;
    return faultsOfEntry(
      id,
      { key: request.key, ...answer.entry },
      version.sequence,
      instants.ofAnswer(call, version.sequence),
      ground,
    );
  }
  if (answer.kind === 'committed' && isTransaction(call)) return faultsOfNothing(call, answer, ground);
  if (answer.kind !== 'snapshot' || request.kind !== 'snapshot') return [];
  const { version, entries } = answer;
  const { range, at } = request;
  const { sequence } = version;
  if (sequence > replay.last) return [`${id} shows version ${nameOf(version)}, which does not exist`];
  const instant = at === undefined ? instants.ofAnswer(call, sequence) : instants.ofPast(call);
  const faults = at === undefined ? faultsOfVersion(id, version, ground) : [];
  if (at !== undefined && at !== sequence)
    faults.push(`${id} asked for version ${at} and was shown ${nameOf(version)}`);
  const shown = new Map(entries.map((entry) => [entry.key, entry]));
  if (shown.size < entries.length) faults.push(`${id} shows a key twice`);
  for (const entry of entries) {
    if (!rangeHolds(range, entry.key)) faults.push(`${id} shows ${entry.key}, which it did not ask for`);
    faults.push(...faultsOfEntry(id, entry, sequence, instant, ground));
  }
  for (const key of replay.keysIn(range)) {
    if (shown.has(key) || mayBeAbsent(replay.heldAt(key, sequence), instant)) continue;
    faults.push(`${id} shows ${nameOf(version)} without ${key}`);
  }
  return faults;
}

/** A transaction without operations is a reading of the version that it names. */
function faultsOfNothing(
  call: Call & { readonly request: { readonly kind: 'transact' } },
  { version, effect }: Extract<Call['answer'], { readonly kind: 'committed' }>,
  ground: Ground,
): string[] {
  const { request, id } = call;
  if (request.kind !== 'transact') return [];
  if ((effect === 'nothing') !== (request.ops.length === 0)) return [`${id} was answered ${effect}`];
  if (effect !== 'nothing') return [];
  const { sequence } = version;
  const faults = faultsOfVersion(id, version, ground);
  if (!mayHold(request.checks, sequence, ground.instants.ofAnswer(call, sequence), ground))
    faults.push(`a check of ${id} did not hold at ${nameOf(version)}`);
  return faults;
}

/** Of the empty database any epoch may be told. */
function faultsOfVersion(id: string, version: VersionText, { replay }: Ground): string[] {
  if (version.sequence === 0) return [];
  const commit = replay.commitAt(version.sequence);
  const isThere = commit !== undefined && isSameVersion(commit.version, version);
  return isThere ? [] : [`${id} names version ${nameOf(version)}, which does not exist`];
}

function faultsOfEntry(
  id: string,
  { key, value, version }: KeyedEntryText,
  sequence: number,
  instant: Instant,
  { replay }: Ground,
): string[] {
  const held = replay.heldAt(key, sequence);
  if (mayBeThere(held, instant) && held.value === value && isSameVersion(held.version, version)) return [];
  const there = held === undefined ? 'nothing' : `${held.value.slice(0, 40)} of ${nameOf(held.version)}`;
  return [`${id} shows ${key} at ${sequence} as ${value.slice(0, 40)} of ${nameOf(version)}, and there is ${there}`];
}
