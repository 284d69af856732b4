import type { S3Request } from '../s3-request.js';

const PREFIX = 'x-amz-meta-';
/** Far above what a benchmark writes; the oldest give way, so that a bucket that runs for weeks does not grow. */
const MAX_OBJECTS = 1_000_000;

/** The `x-amz-meta-` headers of a put. */
export type UserMetadata = Readonly<Record<string, string>>;

/**
 * What clients attach to objects, in this process's memory: the store behind has no place for it, and our own client never
 * sends any. For foreign clients that mark their puts so as to recognize them again.
 */
export class UserMetadataMemory {
  private readonly byKey = new Map<string, { readonly etag: string; readonly metadata: UserMetadata }>();

  /** Of the object that was just put; an empty one forgets what its predecessor had. */
  remember(key: string, etag: string, metadata: UserMetadata): void {
    this.byKey.delete(key);
    if (Object.keys(metadata).length === 0) return;
    this.byKey.set(key, { etag, metadata });
    if (this.byKey.size <= MAX_OBJECTS) return;
    const oldest = this.byKey.keys().next();
    if (!oldest.done) this.byKey.delete(oldest.value);
  }

  of(key: string, etag: string): UserMetadata {
    const known = this.byKey.get(key);
    return known?.etag === etag ? known.metadata : {};
  }
}

export function userMetadataOf(request: S3Request): UserMetadata {
  const names = request.headerNames.filter((name) => name.startsWith(PREFIX));
  return Object.fromEntries(names.map((name) => [name, request.header(name) ?? '']));
}
