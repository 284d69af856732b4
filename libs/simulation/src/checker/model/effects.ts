import type { CommitText, OperationText, RangeText } from '../../history/history.js';
import { counted, counterOf, counterText } from './counter.js';
import type { Instant } from './presence.js';
import { joinedRanges, rangeHolds } from './range.js';
import type { Held } from './replay.js';

interface Put {
  readonly value: string;
  readonly expiresAt: number;
}

/** What operations come to: for each key what it has in the end (undefined: deleted), and which ranges were cleared before. */
export interface Effects {
  readonly entries: ReadonlyMap<string, Put | undefined>;
  readonly rangeDeletes: readonly RangeText[];
}

/**
 * Applies operations naively, one after another.
 * @param heldOf what is there before, expired or not
 * @param nowMs what has expired by then counts as absent
 * @returns undefined when a counter operation finds something else than a counter: then nothing is applied
 */
export function effectsOf(
  ops: readonly OperationText[],
  tag: string,
  heldOf: (key: string) => Held | undefined,
  nowMs: number,
): Effects | undefined {
  const entries = new Map<string, Put | undefined>();
  const cleared: RangeText[] = [];
  const presentOf = (key: string): Put | undefined => {
    const isOwn = entries.has(key) || cleared.some((range) => rangeHolds(range, key));
    const found = isOwn ? entries.get(key) : heldOf(key);
    return found !== undefined && found.expiresAt > nowMs ? found : undefined;
  };
  for (const op of ops) {
    if (op.op === 'put') entries.set(op.key, { value: op.value, expiresAt: op.expiresAt ?? Infinity });
    else if (op.op === 'delete') entries.set(op.key, undefined);
    else if (op.op === 'deleteRange') {
      for (const key of entries.keys()) if (rangeHolds(op.range, key)) entries.delete(key);
      cleared.push(op.range);
    } else {
      const present = presentOf(op.key);
      const number = present && counterOf(tag, present.value);
      if (present !== undefined && number === undefined) return undefined;
      const value = counterText(tag, counted(op, number));
      entries.set(op.key, { value, expiresAt: present?.expiresAt ?? Infinity });
    }
  }
  return { entries, rangeDeletes: joinedRanges(cleared) };
}

/** Whether the commit did exactly what the operations come to on what was there before, at some time of the instant. */
export function isEffectOf(
  commit: CommitText,
  ops: readonly OperationText[],
  tag: string,
  heldOf: (key: string) => Held | undefined,
  { earliestMs, latestMs }: Instant,
): boolean {
  const times = [earliestMs];
  // Only counters depend on what has expired.
  for (const op of ops) {
    const expiresAt = 'operand' in op ? heldOf(op.key)?.expiresAt : undefined;
    if (expiresAt !== undefined && expiresAt > earliestMs && expiresAt <= latestMs) times.push(expiresAt);
  }
  return times.some((nowMs) => {
    const effects = effectsOf(ops, tag, heldOf, nowMs);
    return effects !== undefined && isSame(commit, effects);
  });
}

function isSame(commit: CommitText, { entries, rangeDeletes }: Effects): boolean {
  const cleared = joinedRanges(commit.rangeDeletes);
  if (commit.entries.length !== entries.size || cleared.length !== rangeDeletes.length) return false;
  for (const { key, kind, value, expiresAt } of commit.entries) {
    const put = entries.get(key);
    if (!entries.has(key) || (put !== undefined) !== (kind === 'put')) return false;
    if (put !== undefined && (put.value !== value || put.expiresAt !== expiresAt)) return false;
  }
  return cleared.every(({ start, end }, i) => rangeDeletes[i]?.start === start && rangeDeletes[i]?.end === end);
}
