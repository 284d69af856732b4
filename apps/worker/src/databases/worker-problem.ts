import { formatVersion } from '@leasehold/foundation';
import type { PreconditionFailedError } from '@leasehold/ownership';
import { MisdirectedError } from '@leasehold/ownership';
import { formatEntityTag, HOP_HEADERS, ProblemError } from '@leasehold/protocol';

/** Tells the gateway where the owner is; any other error is answered by its code alone. */
export function withDirections(error: unknown): unknown {
  if (!(error instanceof MisdirectedError)) return error;
  return new ProblemError('misdirected', error.message, {
    headers: { [HOP_HEADERS.owner]: error.endpoint, [HOP_HEADERS.ownerSession]: error.owner },
    cause: error,
  });
}

/** Tells the client what is there instead. */
export function preconditionProblem(error: PreconditionFailedError): ProblemError {
  const { present } = error;
  return new ProblemError('precondition-failed', error.message, {
    members: { version: present ? formatVersion(present) : null },
    headers: present ? { etag: formatEntityTag(present) } : {},
    cause: error,
  });
}
