import { decodeUtf8, fromBase64Url, toBase64Url, utf8 } from '@leasehold/foundation';
import { LIST_PAGE_OBJECTS } from '@leasehold/object-store';
import type { ListedObject, ObjectStore } from '@leasehold/object-store';

import { wholeSecond, xmlAnswer } from './s3-answer.js';
import type { S3Answer } from './s3-answer.js';
import { S3Error } from './s3-error.js';
import { queryValue } from './s3-request.js';
import type { S3Request } from './s3-request.js';
import { element, xmlDocument } from './xml.js';

/** Above every character that may follow a common prefix. */
const LAST_CHARACTER = '\u{10ffff}';

interface Page {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** The next page begins after this; undefined when there is none. */
  readonly next: string | undefined;
}

/** ListObjectsV2: `prefix`, `start-after`, `continuation-token`, `max-keys`, `delimiter`, `encoding-type=url`. */
export async function listObjects(store: ObjectStore, request: S3Request): Promise<S3Answer> {
  const prefix = queryValue(request, 'prefix') ?? '';
  const delimiter = queryValue(request, 'delimiter') || undefined;
  const startAfter = queryValue(request, 'start-after') || undefined;
  const token = queryValue(request, 'continuation-token');
  const maxKeys = parseMaxKeys(queryValue(request, 'max-keys'));
  const encode = encodingOf(queryValue(request, 'encoding-type'));
  const after = token === undefined ? startAfter : decodeToken(token);
  const page =
    maxKeys === 0
      ? { objects: [], commonPrefixes: [], next: undefined }
      : await readPage(store, prefix, delimiter, after, maxKeys);

  const parts = [
    element('Name', request.bucket),
    element('Prefix', encode(prefix)),
    element('KeyCount', page.objects.length + page.commonPrefixes.length),
    element('MaxKeys', maxKeys),
    element('IsTruncated', page.next !== undefined),
    ...(delimiter === undefined ? [] : [element('Delimiter', encode(delimiter))]),
    ...(startAfter === undefined ? [] : [element('StartAfter', encode(startAfter))]),
    ...(token === undefined ? [] : [element('ContinuationToken', token)]),
    ...(page.next === undefined ? [] : [element('NextContinuationToken', toBase64Url(utf8(page.next)))]),
    ...(encode === verbatim ? [] : [element('EncodingType', 'url')]),
    ...page.objects.map((object) => contents(object, encode)),
    ...page.commonPrefixes.map((common) => `<CommonPrefixes>${element('Prefix', encode(common))}</CommonPrefixes>`),
  ];
  const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return xmlAnswer(xmlDocument(`<ListBucketResult xmlns="${xmlns}">${parts.join('')}</ListBucketResult>`));
}

async function readPage(
  store: ObjectStore,
  prefix: string,
  delimiter: string | undefined,
  after: string | undefined,
  maxKeys: number,
): Promise<Page> {
  if (delimiter === undefined) {
    const { objects, truncated } = await store.list(prefix, { startAfter: after, limit: maxKeys });
    return { objects, commonPrefixes: [], next: truncated ? objects.at(-1)?.key : undefined };
  }
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  // Each round adds an object or a common prefix, so there are at most maxKeys + 1.
  for (let startAfter = after; ;) {
    const [object] = (await store.list(prefix, { startAfter, limit: 1 })).objects;
    if (!object) return { objects, commonPrefixes, next: undefined };
    if (objects.length + commonPrefixes.length === maxKeys) return { objects, commonPrefixes, next: startAfter };
    const end = object.key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      objects.push(object);
      startAfter = object.key;
    } else {
      const common = object.key.slice(0, end + delimiter.length);
      // A client that starts inside of a common prefix has been given it already.
      if (after === undefined || !after.startsWith(common)) commonPrefixes.push(common);
      startAfter = common + LAST_CHARACTER;
    }
  }
}

function contents(object: ListedObject, encode: (text: string) => string): string {
  const parts = [
    element('Key', encode(object.key)),
    element('LastModified', wholeSecond(object.lastModifiedAt).toISOString()),
    element('ETag', `"${object.etag}"`),
    element('Size', object.sizeBytes),
    element('StorageClass', 'STANDARD'),
  ];
  return `<Contents>${parts.join('')}</Contents>`;
}

function parseMaxKeys(text: string | undefined): number {
  if (text === undefined) return LIST_PAGE_OBJECTS;
  if (!/^\d{1,10}$/.test(text)) throw new S3Error('InvalidArgument', 'max-keys is not a number of keys.');
  return Math.min(Number(text), LIST_PAGE_OBJECTS);
}

function decodeToken(token: string): string {
  const bytes = fromBase64Url(token);
  const text = bytes && decodeUtf8(bytes);
  if (!text) throw new S3Error('InvalidArgument', 'The continuation token is not one of ours.');
  return text;
}

function encodingOf(type: string | undefined): (text: string) => string {
  if (type === undefined) return verbatim;
  if (type !== 'url') throw new S3Error('InvalidArgument', 'encoding-type is url or absent.');
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}

function verbatim(text: string): string {
  return text;
}
