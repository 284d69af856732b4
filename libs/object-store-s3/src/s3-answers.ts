import type { PutCondition, PutOutcome } from '@leasehold/object-store';

/** What is left of an SDK error: the HTTP status (none when there was no answer) and S3's code. */
interface S3Failure {
  readonly status: number | undefined;
  readonly code: string;
}

export function failureOf(error: unknown): S3Failure {
  if (typeof error !== 'object' || error === null) return { status: undefined, code: String(error) };
  const { $metadata, name } = error as { $metadata?: { httpStatusCode?: number }; name?: string };
  return { status: $metadata?.httpStatusCode, code: name ?? 'Error' };
}

/**
 * True when S3 itself says that there is no such key. Any other 404, of a missing bucket or of some proxy on the way, says nothing about the
 * object. The answer to HEAD has no body that could tell them apart: it is believed only after a GET has found the object.
 */
export function isAbsent(error: unknown, verb: 'GET' | 'HEAD' = 'GET'): boolean {
  const { status, code } = failureOf(error);
  return status === 404 && (code === 'NoSuchKey' || (verb === 'HEAD' && code === 'NotFound'));
}

/**
 * P1: 412 is refused, and so is 404 on a match (AWS for an absent object). Everything else is unknown: 409 (AWS: a concurrent put was in progress),
 * 5xx (Ceph RGW gives losers of a match 500), timeouts, resets, and also 4xx of other kinds, which only a person can mend.
 */
export function putOutcomeOf(error: unknown, condition: PutCondition): PutOutcome {
  if (failureOf(error).status === 412) return { outcome: 'refused' };
  if (condition !== 'create' && isAbsent(error)) return { outcome: 'refused' };
  return { outcome: 'unknown', cause: error };
}

/** ETags are quoted in answers; Ceph RGW compares the ETag of an If-Match with its own, unquoted. AWS takes either. */
export function plainEtag(quoted: string): string {
  return quoted.replace(/^(?:W\/)?"(.*)"$/, '$1');
}

/** The whole object's size out of `bytes 0-9/1234`. */
export function totalOfContentRange(contentRange: string | undefined): number | undefined {
  const match = /\/(\d+)$/.exec(contentRange ?? '');
  return match ? Number(match[1]) : undefined;
}
