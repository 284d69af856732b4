import { ProblemError } from '@leasehold/protocol';

import type { Caller, SessionCaller } from './caller.js';

/** Of routes for operators of the whole service: never an API key, whatever its scopes. @throws ProblemError forbidden */
export function requireOperator(caller: Caller): asserts caller is SessionCaller {
  if (caller.kind === 'session' && caller.operator) return;
  throw new ProblemError('forbidden', 'this is for operators of the service');
}
