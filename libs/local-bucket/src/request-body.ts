import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';
import { UNSIGNED_PAYLOAD, sha256 } from './signature.js';

/** Far above our largest object (a rollup of the log), small enough that a few in memory at once do no harm. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** The whole body of a put, checked against what was announced and signed. */
export async function readBody(message: IncomingMessage, request: S3Request, payloadHash: string): Promise<Uint8Array> {
  const announced = request.header('content-length');
  if (announced === undefined || !/^\d+$/.test(announced)) throw new S3Error('MissingContentLength');
  const sizeBytes = Number(announced);
  if (sizeBytes > MAX_BODY_BYTES) throw new S3Error('EntityTooLarge');
  if (request.header('content-encoding')?.includes('aws-chunked'))
    throw new S3Error('NotImplemented', 'Chunked bodies are not supported.');

  const body = Buffer.allocUnsafeSlow(sizeBytes);
  let received = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      chunk.copy(body, received);
      received += chunk.byteLength;
    }
  } catch {
    throw new S3Error('IncompleteBody');
  }
  if (received !== sizeBytes) throw new S3Error('IncompleteBody');
  if (payloadHash !== UNSIGNED_PAYLOAD && sha256(body) !== payloadHash) throw new S3Error('XAmzContentSHA256Mismatch');
  const contentMd5 = request.header('content-md5');
  if (contentMd5 !== undefined && createHash('md5').update(body).digest('base64') !== contentMd5)
    throw new S3Error('BadDigest');
  return body;
}
