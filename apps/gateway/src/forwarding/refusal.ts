import { decodeUtf8 } from '@leasehold/foundation';
import { isErrorCode, ProblemError } from '@leasehold/protocol';

import type { WorkerAnswer } from './worker-answer.js';

/** What a worker has refused, as it told it; to be thrown where its answer is not passed on as it is. */
export function refusalOf(answer: Pick<WorkerAnswer, 'status' | 'body'>): ProblemError {
  const { code, detail, retryAfterMs } = problemMembers(answer);
  if (typeof code !== 'string' || !isErrorCode(code)) {
    return new ProblemError('internal', 'the worker did not understand the gateway', {
      cause: new Error(`worker answered ${answer.status} without a problem`),
    });
  }
  return new ProblemError(code, String(detail), typeof retryAfterMs === 'number' ? { retryAfterMs } : {});
}

/** The members of the JSON that was answered; none when it is something else. */
export function problemMembers({ body }: Pick<WorkerAnswer, 'body'>): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(decodeUtf8(body) ?? '') as Record<string, unknown>;
  } catch {
    return {};
  }
}
