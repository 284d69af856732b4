import type { CheckText, CommitText } from '../../history/history.js';
import type { Instant } from '../model/presence.js';
import { isExpired, mayBeAbsent, mayBeThere } from '../model/presence.js';
import type { Replay } from '../model/replay.js';
import { isSameVersion } from './calls.js';
import type { Instants } from './instants.js';
import type { Timeline } from './timeline.js';

/** What is known of a database of which every commit is. */
export interface Ground {
  readonly replay: Replay;
  readonly timeline: Timeline;
  readonly instants: Instants;
}

/** Whether all checks may have held on the state of this sequence. */
export function mayHold(checks: readonly CheckText[], sequence: number, instant: Instant, ground: Ground): boolean {
  return checks.every((check) =>
    check.kind === 'range'
      ? mayBeUnchanged(check, sequence, instant, ground)
      : mayKeyHold(check, sequence, instant, ground.replay),
  );
}

/** Whether all that the commit did was to delete what had expired. */
export function isOfExpiry({ version, entries, rangeDeletes }: CommitText, { replay, instants }: Ground): boolean {
  const { sequence } = version;
  const instant = instants.ofCommit(sequence);
  return (
    entries.length > 0 &&
    rangeDeletes.length === 0 &&
    entries.every(({ key, kind }) => {
      const held = replay.heldAt(key, sequence - 1);
      return kind === 'delete' && held !== undefined && mayBeAbsent(held, instant);
    })
  );
}

type KeyCheck = Exclude<CheckText, { readonly kind: 'range' }>;
type RangeCheck = Extract<CheckText, { readonly kind: 'range' }>;

function mayKeyHold(check: KeyCheck, sequence: number, instant: Instant, replay: Replay): boolean {
  const held = replay.heldAt(check.key, sequence);
  if (check.kind === 'absent') return mayBeAbsent(held, instant);
  return mayBeThere(held, instant) && (check.kind !== 'version' || isSameVersion(held.version, check));
}

/** An expiry counts as a change, unless the version that the check names had seen it already. */
function mayBeUnchanged({ range, since }: RangeCheck, sequence: number, instant: Instant, ground: Ground): boolean {
  const { replay, instants } = ground;
  if (since > sequence || replay.isTouched(range, since, sequence)) return false;
  const seenByThenMs = instants.ofCommit(since).latestMs;
  return replay.keysIn(range).every((key) => {
    const held = replay.heldAt(key, sequence);
    return held === undefined || !isExpired(held, instant) || held.expiresAt <= seenByThenMs;
  });
}
