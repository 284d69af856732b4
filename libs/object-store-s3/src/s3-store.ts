import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
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

import { failureOf, isAbsent, plainEtag, putOutcomeOf, totalOfContentRange } from './s3-answers.js';
import { REQUEST_TIMEOUT_MS, createS3Client } from './s3-settings.js';
import type { S3Settings } from './s3-settings.js';

/** An S3 bucket, or any store that speaks S3 with conditional puts and passes the probe. `close` ends its connections. */
export function createS3Store(settings: S3Settings): ObjectStore & { close(): void } {
  const client = createS3Client(settings);
  return new S3Store(client, settings.bucket, settings.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
}

class S3Store implements ObjectStore {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly timeoutMs: number,
  ) {}

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | 'not-modified' | undefined> {
    assertObjectKey(key);
    const { range, ifNoneMatch } = options;
    const input = {
      ...this.object(key),
      Range: range && rangeHeader(range),
      IfNoneMatch: ifNoneMatch && `"${ifNoneMatch}"`,
    };
    return this.within(options.signal, async (abortSignal) => {
      try {
        const answer = await this.client.send(new GetObjectCommand(input), { abortSignal });
        return await readWhole(answer, range !== undefined);
      } catch (error) {
        if (failureOf(error).status === 304) return 'not-modified';
        if (isAbsent(error)) return undefined;
        if (failureOf(error).status === 416) return await this.getPastEnd(key, ifNoneMatch, abortSignal);
        throw unavailable('get', error);
      }
    });
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options: CallOptions = {}): Promise<PutOutcome> {
    assertObjectKey(key);
    const input = {
      ...this.object(key),
      // A Buffer over the same memory: other byte arrays make the SDK stream, which not every store accepts.
      Body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      ContentLength: body.byteLength,
      ...(condition === 'create' ? { IfNoneMatch: '*' } : { IfMatch: condition.match }),
    };
    return this.within(options.signal, async (abortSignal): Promise<PutOutcome> => {
      try {
        const { ETag } = await this.client.send(new PutObjectCommand(input), { abortSignal });
        if (ETag === undefined) return { outcome: 'unknown', cause: new Error('the answer to a put has no ETag') };
        return { outcome: 'done', etag: plainEtag(ETag) };
      } catch (error) {
        return putOutcomeOf(error, condition);
      }
    });
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    assertObjectKey(key);
    await this.within(options.signal, async (abortSignal) => {
      try {
        await this.client.send(new DeleteObjectCommand(this.object(key)), { abortSignal });
      } catch (error) {
        if (!isAbsent(error)) throw unavailable('delete', error);
      }
    });
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
    return this.within(options.signal, async (abortSignal) => {
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
    this.client.destroy();
  }

  /** A range past the end is an empty part to us and an error to S3, whose error does not tell ETag and size. */
  private async getPastEnd(
    key: string,
    ifNoneMatch: string | undefined,
    abortSignal: AbortSignal,
  ): Promise<StoredObject | 'not-modified' | undefined> {
    try {
      const { ETag, ContentLength, LastModified } = await this.client.send(new HeadObjectCommand(this.object(key)), {
        abortSignal,
      });
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

  private object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: key };
  }

  /** The SDK's own timeouts end with the first byte of the answer; this one also covers its body. */
  private async within<T>(signal: AbortSignal | undefined, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal?.reason);
    const timer = setTimeout(
      () => controller.abort(new Error(`no answer within ${this.timeoutMs} ms`)),
      this.timeoutMs,
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

async function readWhole(answer: GetObjectCommandOutput, ofRange: boolean): Promise<StoredObject> {
  if (answer.Body === undefined || answer.ETag === undefined) throw new Error('the answer is not an object');
  // Read to the end always: what is left unread holds its connection.
  const body = await answer.Body.transformToByteArray();
  // S3 tells the length always; without it a body that ends with its connection may have been cut anywhere.
  if (answer.ContentLength !== body.byteLength) throw new Error('the body was cut short');
  if (ofRange && answer.ContentRange === undefined && body.byteLength > 0)
    throw new Error('the answer is not the range that was asked for');
  return {
    body,
    etag: plainEtag(answer.ETag),
    sizeBytes: totalOfContentRange(answer.ContentRange) ?? body.byteLength,
    lastModifiedAt: answer.LastModified?.getTime() ?? 0,
  };
}

function rangeHeader(range: NonNullable<GetOptions['range']>): string {
  if ('suffix' in range) {
    assert(Number.isSafeInteger(range.suffix) && range.suffix > 0, 'a suffix has at least one byte');
    return `bytes=-${range.suffix}`;
  }
  assert(
    Number.isSafeInteger(range.start) && range.start >= 0 && range.end > range.start,
    'a range has at least one byte',
  );
  return `bytes=${range.start}-${range.end - 1}`;
}

function unavailable(call: string, error: unknown): StoreUnavailableError {
  const { status, code } = failureOf(error);
  return new StoreUnavailableError(`object store gave no usable answer to ${call}: ${status ?? 'no status'} ${code}`, {
    cause: error,
  });
}
