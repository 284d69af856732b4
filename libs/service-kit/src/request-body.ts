import type { IncomingMessage } from 'node:http';

import type { ErrorCode } from '@leasehold/protocol';
import { ProblemError } from '@leasehold/protocol';

import type { BodyBudget } from './body-budget.js';

/**
 * How much of a body that is refused is still read, and thrown away, before the answer: a client that is busy sending sees
 * a reset instead of our refusal when we close on it.
 */
const DISCARDED_BYTES = 64 * 1024 * 1024;

export interface BodyLimit {
  readonly limitBytes: number;
  /** What a larger body is answered with. */
  readonly tooLargeCode: ErrorCode;
}

/**
 * Reads a whole body of at most `limitBytes`. A refused one is read to its end, within reason, so that the refusal arrives.
 * @throws ProblemError of the given code, overloaded, invalid-request when the client goes away or sends less than it announced.
 */
export function readBody(
  stream: IncomingMessage,
  { limitBytes, tooLargeCode }: BodyLimit,
  budget: BodyBudget,
): Promise<Buffer> {
  const announced = Number(stream.headers['content-length'] ?? 0);
  if (announced > limitBytes + DISCARDED_BYTES) return Promise.reject(tooLarge(limitBytes, tooLargeCode));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let refusal: unknown;
    const refuse = (error: unknown) => {
      refusal = error;
      chunks.length = 0;
      budget.giveBack(stream);
    };
    const settle = (finish: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('error', onAbort).off('close', onAbort);
      finish();
    };
    const keep = (chunk: Buffer) => {
      if (sizeBytes > limitBytes) return refuse(tooLarge(limitBytes, tooLargeCode));
      try {
        budget.take(stream, chunk.byteLength);
        chunks.push(chunk);
      } catch (error) {
        refuse(error);
      }
    };
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.byteLength;
      if (refusal === undefined) keep(chunk);
      if (sizeBytes > limitBytes + DISCARDED_BYTES) settle(() => reject(refusal as Error));
    };
    const onEnd = () =>
      settle(() => (refusal === undefined ? resolve(Buffer.concat(chunks, sizeBytes)) : reject(refusal as Error)));
    const onAbort = () => settle(() => reject(new ProblemError('invalid-request', 'the body ended too early')));
    stream.on('data', onData).on('end', onEnd).on('error', onAbort).on('close', onAbort);
  });
}

function tooLarge(limitBytes: number, code: ErrorCode): ProblemError {
  return new ProblemError(code, `bodies have at most ${limitBytes} bytes here`, {
    headers: { connection: 'close' },
  });
}
