import type { IncomingMessage } from 'node:http';

import { ProblemError } from '@leasehold/protocol';

/**
 * How much of a body that is too large is still read, and thrown away, before it is refused: a client that is busy
 * sending sees a reset instead of our 413 when we close on it.
 */
const DISCARDED_BYTES = 8 * 1024 * 1024;

/**
 * Reads a whole body of at most `limitBytes`.
 * @throws ProblemError body-too-large, invalid-request when the client goes away or sends less than it announced.
 */
export function readBody(stream: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(stream.headers['content-length'] ?? 0);
  if (announced > limitBytes + DISCARDED_BYTES) return Promise.reject(tooLarge(limitBytes));
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
      if (sizeBytes > limitBytes + DISCARDED_BYTES) settle(() => reject(tooLarge(limitBytes)));
    };
    const onEnd = () =>
      settle(() => (sizeBytes > limitBytes ? reject(tooLarge(limitBytes)) : resolve(Buffer.concat(chunks, sizeBytes))));
    const onAbort = () => settle(() => reject(new ProblemError('invalid-request', 'the body ended too early')));
    stream.on('data', onData).on('end', onEnd).on('error', onAbort).on('close', onAbort);
  });
}

function tooLarge(limitBytes: number): ProblemError {
  return new ProblemError('body-too-large', `bodies have at most ${limitBytes} bytes here`, {
    headers: { connection: 'close' },
  });
}
