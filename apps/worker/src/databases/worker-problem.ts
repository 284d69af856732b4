import type { ErrorKind } from '@leasehold/foundation';
import { formatVersion, isLeaseholdError } from '@leasehold/foundation';
import type { PreconditionFailedError } from '@leasehold/ownership';
import { MisdirectedError } from '@leasehold/ownership';
import { COST_HEADER, formatCost, formatEntityTag, HOP_HEADERS, ProblemError } from '@leasehold/protocol';

/** Refusals that say nothing of what a database holds. */
const OF_NO_STATE: readonly ErrorKind[] = ['unavailable', 'unknown', 'closed', 'fenced'];

/** Who may serve, or not any more. */
export interface ServingSession {
  readonly session: { assertServing(): void };
}

/**
 * The refusal as it may be sent. One that depends on the state of a database, that a version lies in the future say, is an answer that no
 * put stands behind: it rests on the deadline as a read does (S1).
 * @throws what `assertServing` throws
 */
export function servedRefusal(error: unknown, worker: ServingSession): unknown {
  if (isLeaseholdError(error) && !OF_NO_STATE.includes(error.kind)) worker.session.assertServing();
  return withDirections(error);
}

/** Tells the gateway where the owner is; any other error is answered by its code alone. */
function withDirections(error: unknown): unknown {
  if (!(error instanceof MisdirectedError)) return error;
  return new ProblemError('misdirected', error.message, {
    headers: { [HOP_HEADERS.owner]: error.endpoint, [HOP_HEADERS.ownerSession]: error.owner },
    cause: error,
  });
}

/** Tells the client what is there instead. Looking was a read. */
export function preconditionProblem(error: PreconditionFailedError): ProblemError {
  const { present } = error;
  return new ProblemError('precondition-failed', error.message, {
    members: { version: present ? formatVersion(present) : null },
    headers: {
      [COST_HEADER]: formatCost({ readUnits: 1, writeUnits: 0 }),
      ...(present ? { etag: formatEntityTag(present) } : {}),
    },
    cause: error,
  });
}

/** Of a transaction: which check failed, too. @param checks how many there were; each was looked at */
export function checkProblem(error: PreconditionFailedError, checks: number): ProblemError {
  const { present, failedCheck } = error;
  return new ProblemError('precondition-failed', `a check of the transaction does not hold: ${failedCheck}`, {
    members: { failedCheck, version: present ? formatVersion(present) : null },
    headers: { [COST_HEADER]: formatCost({ readUnits: checks, writeUnits: 0 }) },
    cause: error,
  });
}
