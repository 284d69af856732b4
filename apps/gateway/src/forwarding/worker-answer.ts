import type { SessionId } from '@leasehold/foundation';
import { decodeUtf8, isSessionId } from '@leasehold/foundation';
import { HOP_HEADERS, isErrorCode, ProblemError } from '@leasehold/protocol';
import type { HopResult, Repetition } from '@leasehold/routing';
import { isNotAppliedCode } from '@leasehold/routing';

export interface WorkerAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** What of a worker's answer reaches the client. A list of what may pass, so that nothing internal ever does. */
const PASSED_HEADERS = [
  'etag',
  'content-type',
  'cache-control',
  'retry-after',
  'idempotency-replayed',
  'leasehold-cost',
  'leasehold-expires-at',
  'leasehold-version',
] as const;

/** Answers that a worker gives to a gateway, never to a client: the hop itself was refused. */
const HOP_REFUSALS = [401, 403, 405, 407];

/**
 * What an answer means for the route: a result that leads elsewhere, or undefined when it is the answer to the client.
 * @throws ProblemError internal when the worker refuses the hop: gateway and worker are not set up alike.
 */
export function resultOf(answer: WorkerAnswer, from: SessionId, repetition: Repetition): HopResult | undefined {
  if (answer.status === 421) {
    const owner = answer.headers[HOP_HEADERS.ownerSession];
    if (typeof owner === 'string' && isSessionId(owner)) return { kind: 'misdirected', from, owner };
    return { kind: 'not-applied', from, code: 'owner-unavailable', retryAfterMs: undefined };
  }
  if (answer.status < 400) return undefined;
  const problem = problemOf(answer);
  if (!problem || HOP_REFUSALS.includes(answer.status) || problem.code === 'route-not-found') {
    throw new ProblemError('internal', 'the worker did not understand the gateway', {
      cause: new Error(`worker answered ${answer.status} ${problem?.code ?? 'without a problem'}`),
    });
  }
  // A worker that does not know is asked again where that does no harm, as if it had not answered.
  if (problem.code === 'outcome-unknown' && repetition !== 'unsafe') return { kind: 'lost', from };
  if (answer.status !== 503 || !isNotAppliedCode(problem.code)) return undefined;
  return { kind: 'not-applied', from, code: problem.code, retryAfterMs: problem.retryAfterMs };
}

export function passedHeaders(answer: WorkerAnswer): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_HEADERS) {
    const value = answer.headers[name];
    if (typeof value === 'string') passed[name] = value;
  }
  return passed;
}

function problemOf(
  answer: WorkerAnswer,
): { readonly code: string; readonly retryAfterMs: number | undefined } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(decodeUtf8(answer.body) ?? '');
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !('code' in parsed)) return undefined;
  const { code } = parsed;
  if (typeof code !== 'string' || !isErrorCode(code)) return undefined;
  const retryAfterMs =
    'retryAfterMs' in parsed && typeof parsed.retryAfterMs === 'number' ? parsed.retryAfterMs : undefined;
  return { code, retryAfterMs };
}
