import type { ErrorKind } from '@leasehold/foundation';

import type { ErrorCode } from './error-codes.js';

/**
 * What an operating error without a code of the table is answered as. `fenced` and `closed` are answered as unknown:
 * whoever throws them without one of the codes that promise it has not said that nothing was applied (H5).
 */
export const CODE_OF_KIND: Readonly<Record<ErrorKind, ErrorCode>> = {
  conflict: 'conflict',
  fenced: 'outcome-unknown',
  closed: 'outcome-unknown',
  unavailable: 'unavailable',
  unknown: 'outcome-unknown',
  'not-found': 'not-found',
  denied: 'forbidden',
  invalid: 'invalid-request',
  quota: 'quota-exceeded',
  corrupt: 'corrupt-object',
  internal: 'internal',
};
