import { formatVersion } from '@leasehold/foundation';
import type { PreconditionFailedError } from '@leasehold/ownership';
import { MisdirectedError } from '@leasehold/ownership';
import { COST_HEADER, formatCost, formatEntityTag, HOP_HEADERS, ProblemError } from '@leasehold/protocol';

/** Tells the gateway where the owner is; any other error is answered by its code alone. */
export function withDirections(error: unknown): unknown {
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
