import type { CommitText, DatabaseHistory } from '../../history/history.js';
import type { Transaction } from '../course/calls.js';
import { acknowledgedAt, nameOf } from '../course/calls.js';
import type { Ground } from '../course/conditions.js';
import { mayHold } from '../course/conditions.js';
import type { KnownCourse } from '../course/course.js';
import { isEffectOf } from '../model/effects.js';

/** Commits follow one another without a gap, and each did what its transaction asks for, on the state before it. */
export function faultsOfCommits({ commits = [], tag }: DatabaseHistory, known: KnownCourse): readonly string[] {
  return commits.flatMap((commit, i) => {
    const call = known.authors.of.get(commit.version.sequence);
    return [
      ...faultsOfPlace(commit, commits[i - 1], known),
      ...(call === undefined ? [] : faultsOfEffects(commit, call, tag, known)),
    ];
  });
}

function faultsOfPlace({ version, committedAt }: CommitText, before: CommitText | undefined, ground: Ground): string[] {
  const { epoch, sequence } = version;
  const faults: string[] = [];
  const last = before?.version ?? { epoch: 0, sequence: 0 };
  if (sequence !== last.sequence + 1) faults.push(`commit ${nameOf(version)} follows ${nameOf(last)}`);
  if (epoch < last.epoch) faults.push(`epochs fall from ${nameOf(last)} to ${nameOf(version)}`);
  const latestMs = ground.instants.latestOf(sequence);
  if (committedAt > latestMs)
    faults.push(`commit ${nameOf(version)} has the time ${committedAt}, and was there by ${latestMs} on any clock`);
  return faults;
}

function faultsOfEffects(commit: CommitText, call: Transaction, tag: string, ground: Ground): string[] {
  const { replay, instants } = ground;
  const { version } = commit;
  const { sequence } = version;
  const { id, request } = call;
  const instant = instants.ofCommit(sequence, call);
  const faults: string[] = [];
  for (const [position, check] of request.checks.entries()) {
    if (!mayHold([check], sequence - 1, instant, ground))
      faults.push(`check ${position} of ${id} did not hold before ${nameOf(version)}`);
  }
  if (!isEffectOf(commit, request.ops, tag, (key) => replay.heldAt(key, sequence - 1), instant))
    faults.push(`${id} did something else at ${nameOf(version)} than it asked for`);
  const acknowledged = acknowledgedAt(call);
  if (acknowledged?.sequence === sequence && acknowledged.epoch !== version.epoch)
    faults.push(`${id} was acknowledged at ${nameOf(acknowledged)} and is at ${nameOf(version)}`);
  return faults;
}
