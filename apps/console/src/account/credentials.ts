import { Problem } from '../api/problem.js';

/** What a log-in takes first. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** What the second step of a refused log-in answers; undefined: no second factor is wanted. */
export function challengeOf(error: Error | null): string | undefined {
  if (!(error instanceof Problem) || error.code !== 'second-factor-required') return undefined;
  const { challenge } = error.members;
  return typeof challenge === 'string' ? challenge : undefined;
}
