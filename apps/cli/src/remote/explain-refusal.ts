import {
  ConflictError,
  LeaseholdError,
  NotFoundError,
  QuotaError,
  UnauthorizedError,
  UnavailableError,
  UnknownOutcomeError,
} from '@leasehold/client';

import { CliError } from '../cli-error.js';

/** What a script can tell apart by the exit code. */
export const EXIT = { failed: 1, notFound: 3, conflict: 4, unauthorized: 5, tryAgain: 6, unknownOutcome: 7 } as const;

/** One sentence, and what to do next. */
export function explainRefusal(error: unknown): unknown {
  if (!(error instanceof LeaseholdError)) return error;
  const { hint, exit } = adviceFor(error);
  const request = error.requestId === undefined ? '' : ` (request ${error.requestId})`;
  return new CliError(`${error.message} [${error.code}]${request}${hint === '' ? '' : `; ${hint}`}`, exit, {
    cause: error,
  });
}

function adviceFor(error: LeaseholdError): { readonly hint: string; readonly exit: number } {
  if (error instanceof NotFoundError) {
    const hint = error.code === 'database-not-found' ? '"leasehold databases" shows those there are' : '';
    return { hint, exit: EXIT.notFound };
  }
  if (error instanceof ConflictError) {
    const { version } = error;
    const there = version === undefined ? '' : `there is ${version === null ? 'no such key' : `version ${version}`}`;
    return { hint: there, exit: EXIT.conflict };
  }
  if (error instanceof UnauthorizedError) {
    const hint = error.code === 'invalid-api-key' ? '"leasehold login" takes another key' : '';
    return { hint, exit: EXIT.unauthorized };
  }
  if (error instanceof UnknownOutcomeError) {
    return { hint: 'the write may or may not have been applied', exit: EXIT.unknownOutcome };
  }
  if (error instanceof UnavailableError) {
    const hint = error.code === 'unreachable' ? 'is the URL right, and does it run?' : 'nothing was applied, try again';
    return { hint, exit: EXIT.tryAgain };
  }
  if (error instanceof QuotaError) return { hint: '', exit: EXIT.tryAgain };
  return { hint: '', exit: EXIT.failed };
}
