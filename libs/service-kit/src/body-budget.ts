import type { IncomingMessage } from 'node:http';

import { ProblemError } from '@leasehold/protocol';

/** As much as 512 of the largest values. */
export const DEFAULT_BODIES_BYTES = 256 * 1024 * 1024;

const RETRY_AFTER_MS = 1_000;
const SHARE_BYTES = Symbol('share of the body budget');

interface BudgetedMessage {
  [SHARE_BYTES]?: number;
}

/**
 * Bounds the bytes of request bodies in memory, of all requests together: a body is read before anybody knows who sends it,
 * and there may be thousands of connections.
 */
export class BodyBudget {
  private takenBytes = 0;

  constructor(private readonly limitBytes: number) {}

  /** @throws ProblemError overloaded */
  take(request: IncomingMessage, sizeBytes: number): void {
    if (this.takenBytes + sizeBytes > this.limitBytes) {
      throw new ProblemError('overloaded', 'too many bodies are arriving', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    this.takenBytes += sizeBytes;
    const shared = request as BudgetedMessage;
    shared[SHARE_BYTES] = (shared[SHARE_BYTES] ?? 0) + sizeBytes;
  }

  /** When the request is over, however it ended. */
  giveBack(request: IncomingMessage): void {
    const shared = request as BudgetedMessage;
    this.takenBytes -= shared[SHARE_BYTES] ?? 0;
    shared[SHARE_BYTES] = 0;
  }
}
