import type { ObjectStore } from '@leasehold/object-store';

import type { S3Operation } from './counts.js';
import { FOREIGN_OPERATIONS, foreignOperationOf } from './foreign/foreign-clients.js';
import type { ForeignClients, ForeignOperation } from './foreign/foreign-clients.js';
import { listObjects } from './list-objects.js';
import { deleteObject, getObject, headObject, putObject } from './object-operations.js';
import { xmlAnswer } from './s3-answer.js';
import type { S3Answer } from './s3-answer.js';
import { S3Error } from './s3-error.js';
import { queryValue } from './s3-request.js';
import type { S3Request } from './s3-request.js';

const LIST_PARAMETERS = [
  'list-type',
  'prefix',
  'start-after',
  'continuation-token',
  'max-keys',
  'delimiter',
  'encoding-type',
  'fetch-owner',
];
const UPLOAD_PARAMETERS = ['uploads', 'uploadId', 'partNumber', 'delete'];
const USER_METADATA = /^x-amz-meta-/;
const CREATES: ReadonlySet<S3Operation> = new Set(['PutObject', 'CreateMultipartUpload']);
/** Headers that ask for something which is not done here; to ignore one would break what the client relies on. */
const FOREIGN_HEADERS =
  /^x-amz-(copy-source.*|server-side-encryption.*|tagging|acl|grant-.*|website-.*|object-lock-.*|write-offset-bytes|storage-class|mfa)$/;

/**
 * Which operation a request is.
 * @param foreign whether clients other than ours are served too
 * @throws S3Error for everything that this server does not do: it never answers success to a request that it understood in part
 */
export function classify(request: S3Request, foreign: boolean): S3Operation {
  const operation = (foreign ? foreignOperationOf(request) : undefined) ?? operationOf(request);
  const allowed = operation === 'ListObjectsV2' ? LIST_PARAMETERS : isForeign(operation) ? UPLOAD_PARAMETERS : [];
  const unknown = request.query.find(([name]) => name !== 'x-id' && !allowed.includes(name));
  if (unknown) throw new S3Error('NotImplemented', `The parameter ${unknown[0]} is not supported.`);
  const header = request.headerNames.find(
    (name) => FOREIGN_HEADERS.test(name) || (USER_METADATA.test(name) && !(foreign && CREATES.has(operation))),
  );
  if (header !== undefined) throw new S3Error('NotImplemented', `The header ${header} is not supported.`);
  if (operation === 'ListObjectsV2' && queryValue(request, 'list-type') !== '2') {
    throw new S3Error('NotImplemented', 'Only version 2 of the listing is supported.');
  }
  return operation;
}

function operationOf({ method, bucket, key }: S3Request): S3Operation {
  if (bucket === '') throw new S3Error(method === 'GET' ? 'NotImplemented' : 'MethodNotAllowed');
  const operations: Partial<Record<string, S3Operation>> =
    key === ''
      ? { GET: 'ListObjectsV2', HEAD: 'HeadBucket', PUT: 'CreateBucket' }
      : { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject', DELETE: 'DeleteObject' };
  const operation = operations[method];
  if (!operation) throw new S3Error('MethodNotAllowed');
  return operation;
}

function isForeign(operation: S3Operation): operation is ForeignOperation {
  return (FOREIGN_OPERATIONS as readonly string[]).includes(operation);
}

/** What a server answers from. */
export interface Backing {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly foreign: ForeignClients | undefined;
}

export async function execute(
  { store, bucket, foreign }: Backing,
  operation: S3Operation,
  request: S3Request,
  body: Uint8Array,
): Promise<S3Answer> {
  if (request.bucket !== bucket) throw new S3Error(operation === 'CreateBucket' ? 'TooManyBuckets' : 'NoSuchBucket');
  const attached = (answer: S3Answer): S3Answer => foreign?.attach(request, answer) ?? answer;
  switch (operation) {
    case 'GetObject':
      return attached(await getObject(store, request));
    case 'HeadObject':
      return attached(await headObject(store, request));
    case 'PutObject':
      return attached(await putObject(store, request, body));
    case 'DeleteObject':
      return deleteObject(store, request);
    case 'ListObjectsV2':
      return listObjects(store, request);
    case 'HeadBucket':
      return { status: 200, headers: {} };
    case 'CreateBucket':
      return { ...xmlAnswer(''), headers: { location: `/${bucket}` } };
    default:
      if (foreign === undefined) throw new S3Error('NotImplemented');
      return foreign.execute(operation, request, body);
  }
}
