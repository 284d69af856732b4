import type { Call, CommitText } from '../../history/history.js';
import { isSameVersion, nameOf } from '../course/calls.js';
import type { Ground } from '../course/conditions.js';
import { joinedRanges } from '../model/range.js';

/** A page below this many bytes had room for more; real pages end at some megabytes. */
const SMALL_PAGE_BYTES = 1024 * 1024;

/** A feed tells exactly the commits between `since` and `through`, and everything that had been committed when it was asked for. */
export function faultsOfFeed(call: Call, { replay, timeline }: Ground): readonly string[] {
  const { request, answer, id } = call;
  if (request.kind !== 'feed' || answer.kind !== 'feed') return [];
  const { since, maxCommits } = request;
  const { commits, through } = answer;
  if (through > replay.last) return [`${id} tells up to ${through}, and the last commit is ${replay.last}`];
  if (through < since) return [`${id} goes back from ${since} to ${through}`];
  const faults: string[] = [];
  if (commits.length > maxCommits) faults.push(`${id} tells ${commits.length} commits, and asked for ${maxCommits}`);
  if (commits.length !== through - since)
    faults.push(`${id} tells ${commits.length} commits from ${since} to ${through}`);
  for (const [i, commit] of commits.entries()) {
    const there = replay.commitAt(since + 1 + i);
    if (there === undefined || !isSame(there, commit))
      faults.push(`${id} tells ${nameOf(commit.version)} otherwise than it is`);
  }
  const [present] = timeline.window(call, replay.last);
  if (through < present && commits.length < maxCommits && bytesOf(commits) < SMALL_PAGE_BYTES)
    faults.push(`${id} ends at ${through}, although ${present} was there when it began`);
  return faults;
}

/** Times are not compared: they are rounded where a commit lies in a file. */
function isSame(a: CommitText, b: CommitText): boolean {
  if (!isSameVersion(a.version, b.version) || a.entries.length !== b.entries.length) return false;
  const [others, theirs] = [new Map(b.entries.map((entry) => [entry.key, entry])), joinedRanges(b.rangeDeletes)];
  const own = joinedRanges(a.rangeDeletes);
  return (
    a.entries.every(({ key, kind, value, expiresAt }) => {
      const other = others.get(key);
      return other?.kind === kind && other.value === value && other.expiresAt === expiresAt;
    }) &&
    own.length === theirs.length &&
    own.every(({ start, end }, i) => theirs[i]?.start === start && theirs[i]?.end === end)
  );
}

function bytesOf(commits: readonly CommitText[]): number {
  let bytes = 0;
  for (const { entries } of commits) for (const { key, value } of entries) bytes += key.length + value.length;
  return bytes;
}
