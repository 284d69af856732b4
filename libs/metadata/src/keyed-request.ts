import { AsyncLocalStorage } from 'node:async_hooks';

import { LeaseholdError } from '@leasehold/foundation';
import type { Transaction } from '@prisma/driver-adapter-utils';

/** A request that has claimed its idempotency key. */
export interface KeyedRequest {
  /** Of the claim's row. */
  readonly id: bigint;
  readonly attempt: number;
}

/** Another request with the same key has taken over: this one may change nothing more. The transaction is rolled back. */
export class ClaimLostError extends LeaseholdError {
  override readonly name = 'ClaimLostError';

  constructor() {
    super('conflict', 'conflict', 'another request with the same idempotency key has taken over');
  }
}

interface RunningRequest extends KeyedRequest {
  /** Prisma wraps what its driver throws beyond recognition. */
  lost: boolean;
}

const requests = new AsyncLocalStorage<RunningRequest>();

/**
 * Each transaction of the work says in the row of the claim that it was there: both are durable, or neither is.
 *
 * @throws ClaimLostError
 */
export async function runKeyed<T>({ id, attempt }: KeyedRequest, work: () => Promise<T>): Promise<T> {
  const running: RunningRequest = { id, attempt, lost: false };
  try {
    return await requests.run(running, work);
  } catch (error) {
    throw running.lost ? new ClaimLostError() : error;
  }
}

export function presentKeyedRequest(): RunningRequest | undefined {
  return requests.getStore();
}

/** First in its transaction, so that whoever takes the claim over waits for the outcome. @throws ClaimLostError */
export async function markChanged(transaction: Transaction, running: RunningRequest): Promise<void> {
  const marked = await transaction.executeRaw({
    sql: 'UPDATE idempotency_keys SET changed = true WHERE id = $1::bigint AND attempt = $2::int',
    args: [String(running.id), running.attempt],
    argTypes: [
      { scalarType: 'string', arity: 'scalar' },
      { scalarType: 'int', arity: 'scalar' },
    ],
  });
  if (marked > 0) return;
  running.lost = true;
  throw new ClaimLostError();
}
