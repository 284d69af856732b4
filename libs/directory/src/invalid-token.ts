import { ProblemError } from '@leasehold/protocol';

/** One message for every reason, and for tokens of every kind, so that a guesser cannot tell them apart. */
export function invalidToken(): ProblemError {
  return new ProblemError('invalid-token', 'the token is not valid, or not any more', {
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}
