import { assert } from '@leasehold/foundation';

import type { SizeMark } from './usage-record.js';

/**
 * Bytes times milliseconds that a database took in the time from `fromMs` on and before `toMs`: of stored GB-hours, what is measured. Idle
 * databases need no visit: a mark holds until the next one. Before the first mark there is nothing.
 *
 * Of several marks of one moment the largest holds, so that the order in which they arrive does not matter.
 *
 * @param marks in any order, repeated ones too
 */
export function storedByteMs(marks: readonly SizeMark[], fromMs: number, toMs: number): bigint {
  assert(fromMs <= toMs, 'a stretch of time does not go back');
  const steps = [...marks].sort((a, b) => a.at - b.at || b.bytes - a.bytes).filter(isFirstOfItsTime);
  return steps.reduce((sum, { at, bytes }, i) => {
    const begin = Math.max(at, fromMs);
    const end = Math.min(steps[i + 1]?.at ?? toMs, toMs);
    return begin < end ? sum + BigInt(bytes) * BigInt(end - begin) : sum;
  }, 0n);
}

function isFirstOfItsTime({ at }: SizeMark, i: number, sorted: readonly SizeMark[]): boolean {
  return i === 0 || sorted[i - 1]?.at !== at;
}
