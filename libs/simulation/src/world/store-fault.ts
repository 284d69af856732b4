import type { Random } from '@leasehold/foundation';
import type { StoreVerb } from '@leasehold/object-store';

/**
 * What can become of one request to the bucket:
 * - `reset-before`, `error-500-before`, `slow-down-503`, `conflict-409`: not applied, and answered so or not at all
 * - `reset-after`, `error-500-after`: applied, and the answer is lost
 * - `late`: abandoned by its sender; lands up to half a minute later, after whatever else happens meanwhile
 * - `truncated`, `bit-flip`: a read whose bytes were damaged on their way
 * - `slow`: takes many times as long as usual
 */
export const STORE_FAULTS = [
  'reset-before',
  'error-500-before',
  'slow-down-503',
  'conflict-409',
  'reset-after',
  'error-500-after',
  'late',
  'truncated',
  'bit-flip',
  'slow',
] as const;
export type StoreFault = (typeof STORE_FAULTS)[number];

/** Probabilities in [0, 1]; together at most 1. */
export type StoreFaultRates = Partial<Record<StoreFault, number>>;

const OF_READS: ReadonlySet<StoreFault> = new Set([
  'reset-before',
  'error-500-before',
  'slow-down-503',
  'truncated',
  'bit-flip',
  'slow',
]);
const OF_PUTS: ReadonlySet<StoreFault> = new Set(
  STORE_FAULTS.filter((fault) => fault !== 'truncated' && fault !== 'bit-flip'),
);
/** Only conditional requests conflict. */
const OF_DELETES: ReadonlySet<StoreFault> = new Set([...OF_PUTS].filter((fault) => fault !== 'conflict-409'));

const APPLICABLE: Readonly<Record<StoreVerb, ReadonlySet<StoreFault>>> = {
  get: OF_READS,
  list: new Set([...OF_READS].filter((fault) => fault !== 'truncated' && fault !== 'bit-flip')),
  put: OF_PUTS,
  delete: OF_DELETES,
};

export function isApplicable(fault: StoreFault, verb: StoreVerb): boolean {
  return APPLICABLE[verb].has(fault);
}

/** Always one draw, so that a fault that does not apply moves no other. */
export function drawFault(rates: StoreFaultRates, verb: StoreVerb, random: Random): StoreFault | undefined {
  let left = random.fraction();
  for (const fault of STORE_FAULTS) {
    left -= rates[fault] ?? 0;
    if (left < 0) return isApplicable(fault, verb) ? fault : undefined;
  }
  return undefined;
}
