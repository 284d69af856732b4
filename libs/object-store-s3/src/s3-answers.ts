import type { PutCondition, PutOutcome } from '@leasehold/object-store';

import type { S3Answer } from './exchange.js';

/** An answer that is not what was asked for: it tells its HTTP status and the code in its body, if S3 itself has written that. */
export class S3AnswerError extends Error {
  override readonly name = 'S3AnswerError';

  constructor(
    readonly status: number,
    readonly s3Code: string,
    message = `${status} ${s3Code}`,
  ) {
    super(message);
  }
}

/** What is left of a failed call: the HTTP status (none when there was no answer) and S3's code, or that of the connection's error. */
interface S3Failure {
  readonly status: number | undefined;
  readonly code: string;
}

export function failureOf(error: unknown): S3Failure {
  if (typeof error !== 'object' || error === null) return { status: undefined, code: String(error) };
  if (error instanceof S3AnswerError) return { status: error.status, code: error.s3Code };
  const { $metadata, name, code } = error as SdkError;
  const kind = typeof code === 'string' ? code : (name ?? 'Error');
  return $metadata === undefined
    ? { status: undefined, code: kind }
    : { status: $metadata.httpStatusCode, code: name ?? kind };
}

interface SdkError {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly name?: string;
  readonly code?: unknown;
}

const NO_CODE = 'without a code';
/** S3's errors are `<Error><Code>…</Code>…`; texts in them are escaped, so that the first such element is the code. */
const ERROR_DOCUMENT = /^\s*(?:<\?xml[^>]*\?>\s*)?<Error(?:\s[^>]*)?>[^]*?<Code>([A-Za-z0-9.]{1,100})<\/Code>/;

/** S3's own word for what is wrong; whatever else is in a body, as of a proxy's page, is not one. */
export function errorCodeOf({ body }: S3Answer): string {
  return (
    ERROR_DOCUMENT.exec(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))?.[1] ?? NO_CODE
  );
}

export function errorOf(answer: S3Answer): S3AnswerError {
  return new S3AnswerError(answer.status, errorCodeOf(answer));
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
 * 5xx (Ceph RGW gives losers of a match 500), timeouts, resets, redirects, and also 4xx of other kinds, which only a person can mend.
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
