import type { ErrorFacts } from './errors.js';
import {
  ConflictError,
  InvalidError,
  LeaseholdError,
  NotFoundError,
  QuotaError,
  UnauthorizedError,
  UnavailableError,
  UnknownOutcomeError,
} from './errors.js';

/** An answer with a status that is no success, with what could be read of it. */
export interface RefusedAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly requestId: string | null;
  readonly body: string;
}

/** Of a problem (RFC 9457); anything else than a problem, such as the page of a proxy, has none of them. */
interface Problem {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly title?: unknown;
  readonly requestId?: unknown;
  readonly retryAfterMs?: unknown;
  readonly version?: unknown;
  readonly failedCheck?: unknown;
  readonly errors?: unknown;
}

/** The error that an answer stands for: by its code where that says more than the status, and by the status otherwise. */
export function errorOfAnswer(answer: RefusedAnswer): LeaseholdError {
  const problem = problemOf(answer.body);
  const facts = factsOf(answer, problem);
  switch (facts.code) {
    case 'database-full':
      return new QuotaError(facts);
    case 'corrupt-object':
      return new LeaseholdError(facts);
    case 'outcome-unknown':
      return new UnknownOutcomeError(facts);
  }
  const { status } = answer;
  if (status === 401 || status === 403) return new UnauthorizedError(facts);
  if (status === 404) return new NotFoundError(facts);
  if (status === 409 || status === 412 || status === 422) return new ConflictError({ ...facts, ...presentOf(problem) });
  if (status === 402 || status === 429) return new QuotaError(facts);
  // A proxy that waited in vain may have passed on what it had.
  if (status < 500 && status !== 421 && status !== 408) return new InvalidError(facts);
  // A gateway says what it knows in a problem. What a proxy on the way says, or a bug, leaves open what happened behind it.
  const isKnown = facts.status === 503 || facts.status === 408;
  return isKnown ? new UnavailableError(facts) : new UnknownOutcomeError(facts);
}

/** The same of an error event in a change feed: its data is a problem, and its status stands in it. */
export function errorOfEvent(data: string): LeaseholdError {
  const { status } = problemOf(data) as { readonly status?: unknown };
  return errorOfAnswer({
    status: typeof status === 'number' ? status : 500,
    retryAfter: null,
    requestId: null,
    body: data,
  });
}

function factsOf({ status, retryAfter, requestId }: RefusedAnswer, problem: Problem): ErrorFacts {
  return {
    code: textOf(problem.code) ?? `http-${status}`,
    message: messageOf(problem) ?? `answered with status ${status}`,
    requestId: textOf(problem.requestId) ?? requestId ?? undefined,
    retryAfterMs: numberOf(problem.retryAfterMs) ?? secondsOf(retryAfter),
    status: textOf(problem.code) === undefined ? undefined : status,
  };
}

function presentOf({ version, failedCheck }: Problem) {
  return { version: version === null ? null : textOf(version), failedCheck: numberOf(failedCheck) };
}

function messageOf({ detail, title, errors }: Problem): string | undefined {
  const message = textOf(detail) ?? textOf(title);
  const [first] = Array.isArray(errors) ? (errors as readonly { member?: unknown; problem?: unknown }[]) : [];
  if (first === undefined) return message;
  const problem = String(first.problem);
  return message?.includes(problem) === true ? message : `${message}: ${String(first.member)} ${problem}`;
}

function problemOf(body: string): Problem {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** `Retry-After` in seconds; a date is not what Leasehold sends. */
function secondsOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) * 1000 : undefined;
}
