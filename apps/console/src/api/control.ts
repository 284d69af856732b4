import createClient from 'openapi-fetch';

import type { components, paths } from './generated/control-api.js';
import { Problem } from './problem.js';

/** The control plane, spoken to with the session cookie of this origin. */
export const control = createClient<paths>({ credentials: 'same-origin' });

/** What the API calls things. */
export type Schemas = components['schemas'];

interface Asked<T> {
  readonly data?: T | undefined;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * The answer to a call of {@link control}; undefined where it has no body.
 * @throws Problem
 */
export async function answerOf<T>(call: Promise<Asked<T>>): Promise<T> {
  let asked: Asked<T>;
  try {
    asked = await call;
  } catch (error) {
    if (error instanceof TypeError) throw Problem.unreachable();
    throw error;
  }
  const { data, error, response } = asked;
  if (!response.ok) throw Problem.of(response.status, error);
  return data as T;
}
