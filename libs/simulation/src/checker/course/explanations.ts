import type { Call, CheckText } from '../../history/history.js';
import { mayBeAbsent, mayBeThere } from '../model/presence.js';
import type { Transaction } from './calls.js';
import { isSameVersion, isTransaction, nameOf } from './calls.js';
import type { Ground } from './conditions.js';
import { isOfExpiry, mayHold } from './conditions.js';

type Refusal = Extract<Call['answer'], { readonly kind: 'refused' }>;

/** The first and the last version of a call's window that explains its answer. */
type Span = readonly [number, number];

/**
 * Answers that name no version: absences and refusals. Each must be that of some version of its window; which of them were possible is told
 * to the timeline, where it narrows what others may have seen.
 * @returns those that nothing explains, in words
 */
export function explain(calls: readonly Call[], ground: Ground): readonly string[] {
  const faults: string[] = [];
  const spans: (readonly [Call, Span])[] = [];
  for (const call of calls) {
    const words = questionOf(call);
    if (words === undefined) continue;
    const window = ground.timeline.window(call, ground.replay.last);
    const span = spanOf(call, window, ground);
    if (span !== undefined) spans.push([call, span]);
    else
      faults.push(`${call.id}: ${words} at none of the versions ${window[0]} to ${window[1]}, which its time allows`);
  }
  for (const [call, [first, last]] of spans) {
    ground.timeline.seen(first, call);
    ground.timeline.begun(last + 1, call);
  }
  return faults;
}

/** What the call was told, if it was told something of this kind. */
function questionOf({ request, answer }: Call): string | undefined {
  if (request.kind === 'get' && answer.kind === 'entry' && answer.entry === undefined)
    return `${request.key} was absent`;
  if (request.kind !== 'transact' || answer.kind !== 'refused') return undefined;
  const { failedCheck, present } = answer;
  return `check ${failedCheck} failed on ${present === undefined ? 'nothing' : nameOf(present)}`;
}

function spanOf(call: Call, window: Span, ground: Ground): Span | undefined {
  const { request, answer } = call;
  if (request.kind === 'get') return absence(call, request.key, window, ground);
  return isTransaction(call) && answer.kind === 'refused' ? refusal(call, answer, window, ground) : undefined;
}

function absence(call: Call, key: string, [from, through]: Span, { replay, instants }: Ground): Span | undefined {
  let span: Span | undefined;
  for (let sequence = from; sequence <= through;) {
    const next = replay.nextChangeOf(key, sequence);
    if (mayBeAbsent(replay.heldAt(key, sequence), instants.ofAnswer(call, sequence)))
      span = [span?.[0] ?? sequence, Math.min(next - 1, through)];
    sequence = next;
  }
  return span;
}

function refusal(call: Transaction, answer: Refusal, [from, through]: Span, ground: Ground): Span | undefined {
  const { checks } = call.request;
  const failed = checks[answer.failedCheck];
  if (failed === undefined) return undefined;
  const before = checks.slice(0, answer.failedCheck);
  let span: Span | undefined;
  for (let sequence = from; sequence <= through; sequence++) {
    if (!mayFail(failed, answer, sequence, call, ground)) continue;
    const holds = (at: number) => mayHold(before, at, ground.instants.ofAnswer(call, at), ground);
    if (holds(sequence) || (sequence > from && isMadeBy(answer, sequence, ground) && holds(sequence - 1)))
      span = [span?.[0] ?? sequence, sequence];
  }
  return span;
}

/** A refusal for an expiry names the commit that it makes; what was checked before was so before that commit. */
function isMadeBy({ present }: Refusal, sequence: number, ground: Ground): boolean {
  const commit = present?.sequence === sequence ? ground.replay.commitAt(sequence) : undefined;
  return commit !== undefined && isOfExpiry(commit, ground);
}

/** Whether the check fails on the state of this sequence in the way that the answer says. */
function mayFail(check: CheckText, { present }: Refusal, sequence: number, call: Call, ground: Ground): boolean {
  const { replay, instants } = ground;
  if (check.kind === 'range') {
    const { range, since } = check;
    if (present === undefined) return replay.isTouched(range, since, sequence);
    const at = present.sequence;
    const commit = replay.commitAt(at);
    const isThere = commit !== undefined && isSameVersion(commit.version, present) && at <= sequence;
    return isThere && at > since && replay.isTouched(range, at - 1, at);
  }
  const held = replay.heldAt(check.key, sequence);
  const instant = instants.ofAnswer(call, sequence);
  if (present === undefined) return check.kind !== 'absent' && mayBeAbsent(held, instant);
  if (!mayBeThere(held, instant) || !isSameVersion(held.version, present)) return false;
  return check.kind === 'absent' || (check.kind === 'version' && !isSameVersion(check, present));
}
