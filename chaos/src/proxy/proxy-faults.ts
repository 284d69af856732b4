import type { Random } from '@leasehold/foundation';

/**
 * What happens to one request on its way to the bucket, or to a gateway.
 *
 * - `delay`: forwarded later
 * - `reset-before`: the connection is cut, nothing was forwarded
 * - `reset-after`: forwarded and applied, then the connection is cut instead of an answer
 * - `late`: the connection is cut, and the request is forwarded afterwards
 * - `hold`: no answer, ever; nothing was forwarded
 * - `slow-down`: 503, nothing was forwarded
 * - `truncate`: the answer's body ends in the middle, and its connection with it
 * - `flip`: one bit of the body of an answer to a GET is another one
 */
export type RequestFault =
  | { readonly kind: 'none' | 'reset-before' | 'reset-after' | 'hold' | 'slow-down' }
  | { readonly kind: 'delay' | 'late'; readonly delayMs: number }
  /** Where in the body, in [0, 1). */
  | { readonly kind: 'truncate' | 'flip'; readonly at: number };

export type RequestFaultKind = RequestFault['kind'];

/** Probabilities in [0, 1], of which at most one comes true for a request. */
export type ProxyRules = Partial<Record<Exclude<RequestFaultKind, 'none'>, number>> & {
  /** Of a delay; at least a tenth of it. Default 1,000. */
  readonly delayMs?: number;
  /** Of a late landing, at most. Default 2,000. */
  readonly lateMs?: number;
  /** Answers to writes have bodies, too, which may end in the middle; those of a bucket have none. */
  readonly truncatesWrites?: boolean;
};

const DELAY_MS = 1_000;
const LATE_MS = 2_000;
const KINDS = ['delay', 'reset-before', 'reset-after', 'late', 'hold', 'slow-down', 'truncate', 'flip'] as const;
const NONE: RequestFault = { kind: 'none' };

/** Two draws for every request, so that what happens to one does not move what happens to the next. */
export function drawFault(rules: ProxyRules, method: string, random: Random): RequestFault {
  let left = random.fraction();
  const detail = random.fraction();
  const kind = KINDS.find((each) => (left -= rules[each] ?? 0) < 0);
  switch (kind) {
    case undefined:
      return NONE;
    case 'delay':
      return { kind, delayMs: Math.ceil((rules.delayMs ?? DELAY_MS) * (0.1 + 0.9 * detail)) };
    case 'late':
      // Reads that land late are seen by nobody.
      return method === 'GET' || method === 'HEAD'
        ? { kind: 'reset-before' }
        : { kind, delayMs: Math.ceil((rules.lateMs ?? LATE_MS) * detail) };
    case 'truncate':
      return method === 'GET' || rules.truncatesWrites === true ? { kind, at: detail } : { kind: 'reset-after' };
    case 'flip':
      return method === 'GET' ? { kind, at: detail } : NONE;
    default:
      return { kind };
  }
}
