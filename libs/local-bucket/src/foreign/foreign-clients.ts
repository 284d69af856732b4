import type { Random } from '@leasehold/foundation';
import { contentEtag, isObjectKey } from '@leasehold/object-store';
import type { ObjectStore } from '@leasehold/object-store';

import { putObject } from '../object-operations.js';
import { xmlAnswer } from '../s3-answer.js';
import type { S3Answer } from '../s3-answer.js';
import { S3Error } from '../s3-error.js';
import { queryValue } from '../s3-request.js';
import type { S3Request } from '../s3-request.js';
import { element, unescapeXml, xmlDocument } from '../xml.js';
import { MultipartUploads } from './multipart-uploads.js';
import { UserMetadataMemory, userMetadataOf } from './user-metadata.js';

export const FOREIGN_OPERATIONS = [
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'DeleteObjects',
] as const;

export type ForeignOperation = (typeof FOREIGN_OPERATIONS)[number];

/** As at S3. */
const MAX_DELETES = 1_000;

/**
 * What clients other than ours use of S3, for those that are measured beside it: metadata of objects, uploads in parts, deletes
 * by the thousand. State lies in memory, which is why it has to be asked for.
 */
export class ForeignClients {
  private readonly metadata = new UserMetadataMemory();
  private readonly uploads: MultipartUploads;

  constructor(
    private readonly store: ObjectStore,
    random: Random,
  ) {
    this.uploads = new MultipartUploads(random);
  }

  /** Keeps what a put attached to the object, and gives it back with every read. */
  attach(request: S3Request, answer: S3Answer): S3Answer {
    const etag = etagOf(answer);
    if (request.method === 'PUT') {
      this.metadata.remember(request.key, etag, userMetadataOf(request));
      return answer;
    }
    return { ...answer, headers: { ...answer.headers, ...this.metadata.of(request.key, etag) } };
  }

  async execute(operation: ForeignOperation, request: S3Request, body: Uint8Array): Promise<S3Answer> {
    const { bucket, key } = request;
    const uploadId = queryValue(request, 'uploadId') ?? '';
    switch (operation) {
      case 'CreateMultipartUpload': {
        const id = this.uploads.create(key, userMetadataOf(request));
        const parts = [element('Bucket', bucket), element('Key', key), element('UploadId', id)];
        return rooted('InitiateMultipartUploadResult', parts);
      }
      case 'UploadPart':
        this.uploads.put(uploadId, key, Number(queryValue(request, 'partNumber')), body);
        return { status: 200, headers: { etag: `"${contentEtag(body)}"` } };
      case 'CompleteMultipartUpload': {
        const numbers = texts(body, 'PartNumber').map(Number);
        if (numbers.length === 0) throw new S3Error('InvalidArgument', 'An object has at least one part.');
        const put = await putObject(this.store, request, this.uploads.assemble(uploadId, key, numbers));
        this.metadata.remember(key, etagOf(put), this.uploads.end(uploadId, key));
        const parts = [element('Bucket', bucket), element('Key', key), element('ETag', String(put.headers['etag']))];
        return rooted('CompleteMultipartUploadResult', parts);
      }
      case 'AbortMultipartUpload':
        this.uploads.end(uploadId, key);
        return { status: 204, headers: {} };
      case 'DeleteObjects':
        return this.deleteAll(texts(body, 'Key'));
    }
  }

  private async deleteAll(keys: readonly string[]): Promise<S3Answer> {
    if (keys.length > MAX_DELETES) throw new S3Error('InvalidArgument', 'At most 1000 keys are deleted at once.');
    if (!keys.every(isObjectKey)) throw new S3Error('KeyTooLongError');
    for (const key of keys) await this.store.delete(key);
    return rooted(
      'DeleteResult',
      keys.map((key) => `<Deleted>${element('Key', key)}</Deleted>`),
    );
  }
}

/** Undefined for what is not one of them. */
export function foreignOperationOf(request: S3Request): ForeignOperation | undefined {
  const { method, key } = request;
  const has = (name: string): boolean => queryValue(request, name) !== undefined;
  if (key === '') return method === 'POST' && has('delete') ? 'DeleteObjects' : undefined;
  if (method === 'POST' && has('uploads')) return 'CreateMultipartUpload';
  if (!has('uploadId')) return undefined;
  if (method === 'POST') return 'CompleteMultipartUpload';
  if (method === 'PUT' && has('partNumber')) return 'UploadPart';
  return method === 'DELETE' ? 'AbortMultipartUpload' : undefined;
}

function etagOf({ headers }: S3Answer): string {
  return String(headers['etag'] ?? '').replace(/^"(.*)"$/, '$1');
}

function rooted(name: string, parts: readonly string[]): S3Answer {
  return xmlAnswer(xmlDocument(`<${name}>${parts.join('')}</${name}>`));
}

/** What the elements of this name hold, in order; enough for the two flat documents that are read here. */
function texts(body: Uint8Array, name: string): string[] {
  const document = Buffer.from(body).toString('utf8');
  return [...document.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) =>
    unescapeXml(match[1] as string),
  );
}
