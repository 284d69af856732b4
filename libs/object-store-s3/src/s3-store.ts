import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { bucketLayout } from '@leasehold/bucket-layout';
import { assert } from '@leasehold/foundation';
import { LIST_PAGE_OBJECTS, StoreUnavailableError, assertObjectKey } from '@leasehold/object-store';
import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from '@leasehold/object-store';

import { MAX_ERROR_BYTES, lengthOf } from './exchange.js';
import type { S3Answer } from './exchange.js';
import { rangeBytes, rangeHeader, totalOfRange } from './object-range.js';
import type { ObjectRange } from './object-range.js';
import { errorOf, failureOf, isAbsent, plainEtag, putOutcomeOf } from './s3-answers.js';
import { S3Connections } from './s3-connections.js';
import { REQUEST_TIMEOUT_MS, createS3Client } from './s3-settings.js';
import type { S3Settings } from './s3-settings.js';

/** One SST is the largest object that there is (libs/engine, limits); what is longer is not read into memory. */
export const MAX_OBJECT_BYTES = 1024 * 1024 * 1024;

/**
 * An S3 bucket, or any store that speaks S3 with conditional puts and passes the probe. Reads, puts and deletes are signed and sent here, what is rare
 * goes through the SDK (docs/decisions/2026-11-20-hot-requests-to-s3-are-signed-and-sent-lean.md). `close` ends its connections.
 */
export function createS3Store(settings: S3Settings): ObjectStore & { close(): void } {
  const client = createS3Client(settings);
  const connections = new S3Connections(client, settings);
  return new S3Store(client, connections, settings.bucket, settings.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
}

class S3Store implements ObjectStore {
  constructor(
    private readonly client: S3Client,
    private readonly connections: S3Connections,
    private readonly bucket: string,
    private readonly timeoutMs: number,
  ) {}

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | 'not-modified' | undefined> {
    assertObjectKey(key);
    const { range, ifNoneMatch, signal, traceparent } = options;
    const headers = {
      ...(range && { Range: rangeHeader(range) }),
      ...(ifNoneMatch !== undefined && { 'If-None-Match': `"${ifNoneMatch}"` }),
    };
    const begunMs = performance.now();
    try {
      const answer = await this.connections.send(
        { method: 'GET', key, headers, traceparent },
        { signal, urgent: isUrgent(key), bodyLimitBytes: range ? rangeBytes(range) : MAX_OBJECT_BYTES },
      );
      if (answer.status === 200 || answer.status === 206) return storedObject(answer, range);
      if (answer.status === 304 && ifNoneMatch !== undefined) return 'not-modified';
      if (answer.status === 416 && range !== undefined) {
        const leftMs = this.timeoutMs - (performance.now() - begunMs);
        return await this.within(leftMs, signal, (abortSignal) => this.getPastEnd(key, ifNoneMatch, abortSignal));
      }
      throw errorOf(answer);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error instanceof StoreUnavailableError ? error : unavailable('get', error);
    }
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options: CallOptions = {}): Promise<PutOutcome> {
    assertObjectKey(key);
    const headers = {
      'Content-Type': 'application/octet-stream',
      ...(condition === 'create' ? { 'If-None-Match': '*' } : { 'If-Match': condition.match }),
    };
    try {
      const answer = await this.connections.send(
        { method: 'PUT', key, headers, body, traceparent: options.traceparent },
        { signal: options.signal, urgent: isUrgent(key), bodyLimitBytes: MAX_ERROR_BYTES },
      );
      if (answer.status !== 200) return putOutcomeOf(errorOf(answer), condition);
      const { etag } = answer.headers;
      if (typeof etag === 'string') return { outcome: 'done', etag: plainEtag(etag) };
      return { outcome: 'unknown', cause: new Error('the answer to a put has no ETag') };
    } catch (error) {
      return putOutcomeOf(error, condition);
    }
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    assertObjectKey(key);
    try {
      const answer = await this.connections.send(
        { method: 'DELETE', key, headers: {}, traceparent: options.traceparent },
        { signal: options.signal, urgent: isUrgent(key), bodyLimitBytes: MAX_ERROR_BYTES },
      );
      if (answer.status < 200 || answer.status > 299) throw errorOf(answer);
    } catch (error) {
      if (!isAbsent(error)) throw unavailable('delete', error);
    }
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    const { startAfter, limit = LIST_PAGE_OBJECTS } = options;
    assert(Number.isInteger(limit) && limit >= 1 && limit <= LIST_PAGE_OBJECTS, 'a page has 1 to 1000 objects');
    // XML cannot spell every character that a key may have: names travel percent-encoded.
    const input = {
      Bucket: this.bucket,
      Prefix: prefix,
      StartAfter: startAfter,
      MaxKeys: limit,
      EncodingType: 'url',
    } as const;
    return this.within(this.timeoutMs, options.signal, async (abortSignal) => {
      try {
        const answer = await this.client.send(new ListObjectsV2Command(input), { abortSignal });
        if (answer.IsTruncated === undefined) throw new Error('the answer is not a listing');
        const objects = (answer.Contents ?? []).map(({ Key, ETag, Size, LastModified }) => ({
          key: decodeURIComponent((Key ?? '').replaceAll('+', ' ')),
          etag: plainEtag(ETag ?? ''),
          sizeBytes: Size ?? 0,
          lastModifiedAt: LastModified?.getTime() ?? 0,
        }));
        return { objects, truncated: answer.IsTruncated };
      } catch (error) {
        throw unavailable('list', error);
      }
    });
  }

  close(): void {
    this.connections.close();
    this.client.destroy();
  }

  /** A range past the end is an empty part to us and an error to S3, whose error does not tell ETag and size. */
  private async getPastEnd(
    key: string,
    ifNoneMatch: string | undefined,
    abortSignal: AbortSignal,
  ): Promise<StoredObject | 'not-modified' | undefined> {
    try {
      const command = new HeadObjectCommand({ Bucket: this.bucket, Key: key });
      const { ETag, ContentLength, LastModified } = await this.client.send(command, { abortSignal });
      if (ETag === undefined) throw new Error('the answer is not an object');
      const etag = plainEtag(ETag);
      if (etag === ifNoneMatch) return 'not-modified';
      return {
        body: new Uint8Array(0),
        etag,
        sizeBytes: ContentLength ?? 0,
        lastModifiedAt: LastModified?.getTime() ?? 0,
      };
    } catch (error) {
      if (isAbsent(error, 'HEAD')) return undefined;
      throw unavailable('head', error);
    }
  }

  /** The SDK's own timeouts end with the first byte of the answer; this one also covers its body. */
  private async within<T>(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.reason);
    const timer = setTimeout(
      () => controller.abort(new Error(`no answer within ${this.timeoutMs} ms`)),
      Math.max(0, timeoutMs),
    );
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    try {
      return await call(controller.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }
}

/**
 * Session records: a renewal that stands behind hundreds of cold reads costs a worker its lease and all of its databases (S1). By the key and not by
 * an option of the call, so that no caller can forget it, and reads of other sessions, which decide on takeovers, go the same way.
 */
function isUrgent(key: string): boolean {
  return key.startsWith(bucketLayout.sessions);
}

function storedObject(answer: S3Answer, range: ObjectRange | undefined): StoredObject {
  const { headers, body } = answer;
  const encoding = text(headers['content-encoding']) ?? 'identity';
  // We store bytes as they are: somebody on the way has packed them.
  if (encoding !== 'identity' && encoding !== '') throw new Error(`the body is encoded as ${encoding}`);
  const etag = text(headers['etag']);
  if (etag === undefined) throw new Error('the answer is not an object');
  // S3 tells the length always; without it a body that ends with its connection may have been cut anywhere.
  if (lengthOf(headers) !== body.byteLength) throw new Error('the body was cut short');
  const contentRange = text(headers['content-range']);
  if (range === undefined && (answer.status === 206 || contentRange !== undefined))
    throw new Error('a part was not asked for');
  // Of nothing there is no part: some stores answer as if the whole had been asked for.
  const whole = range === undefined || (contentRange === undefined && body.byteLength === 0);
  return {
    body,
    etag: plainEtag(etag),
    sizeBytes: whole ? body.byteLength : totalOfRange(range, contentRange, body.byteLength),
    lastModifiedAt: Date.parse(text(headers['last-modified']) ?? '') || 0,
  };
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

function unavailable(call: string, error: unknown): StoreUnavailableError {
  const { status, code } = failureOf(error);
  return new StoreUnavailableError(`object store gave no usable answer to ${call}: ${status ?? 'no status'} ${code}`, {
    cause: error,
  });
}
