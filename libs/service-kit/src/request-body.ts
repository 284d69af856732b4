import type { IncomingMessage } from 'node:http';

import type { ErrorCode } from '@leasehold/protocol';
import { ProblemError } from '@leasehold/protocol';

/**
 * How much of a body that is too large is still read, and thrown away, before it is refused: a client that is busy
 * sending sees a reset instead of our 413 when we close on it.
 */
const DISCARDED_BYTES = 64 * 1024 * 1024;

export interface BodyLimit {
  readonly limitBytes: number;
  /** What a larger body is answered with. */
  readonly tooLargeCode: ErrorCode;
}

/**
 * Reads a whole body of at most `limitBytes`. A larger one is read to its end, within reason, so that the refusal arrives.
 * @throws ProblemError of the given code, invalid-request when the client goes away or sends less than it announced.
 */
export function readBody(stream: IncomingMessage, { limitBytes, tooLargeCode }: BodyLimit): Promise<Buffer> {
  const announced = Number(stream.headers['content-length'] ?? 0);
  if (announced > limitBytes + DISCARDED_BYTES) return Promise.reject(tooLarge(limitBytes, tooLargeCode));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const settle = (finish: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('error', onAbort).off('close', onAbort);
      finish();
    };
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.byteLength;
      if (sizeBytes <= limitBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (sizeBytes > limitBytes + DISCARDED_BYTES) settle(() => reject(tooLarge(limitBytes, tooLargeCode)));
    };
    const onEnd = () =>
      settle(() =>
        sizeBytes > limitBytes ? reject(tooLarge(limitBytes, tooLargeCode)) : resolve(Buffer.concat(chunks, sizeBytes)),
      );
    const onAbort = () => settle(() => reject(new ProblemError('invalid-request', 'the body ended too early')));
    stream.on('data', onData).on('end', onEnd).on('error', onAbort).on('close', onAbort);
  });
}

function tooLarge(limitBytes: number, code: ErrorCode): ProblemError {
  return new ProblemError(code, `bodies have at most ${limitBytes} bytes here`, {
    headers: { connection: 'close' },
  });
}
