/**
 * The bucket, as the engine sees it: whole objects, conditional puts, ordered listing. Implementations are strongly
 * consistent (S3 since 2020): a read that starts after a put has succeeded sees that put or a later one.
 *
 * Every call is ONE attempt. Retrying is a decision of the caller, because after an unclear answer only the caller
 * knows how to learn the outcome (P1, docs/protocols/conditional-puts.md).
 */
export interface ObjectStore {
  /**
   * @returns the object; `not-modified` when `ifNoneMatch` equals its present ETag; undefined when it does not exist.
   * @throws StoreUnavailableError when no answer was had; reading again is always safe.
   */
  get(key: string, options?: GetOptions): Promise<StoredObject | 'not-modified' | undefined>;

  /** Never throws for an answer of the store: the outcome tells. The body must not be changed until it settles. */
  put(key: string, body: Uint8Array, condition: PutCondition, options?: CallOptions): Promise<PutOutcome>;

  /** Deletes if present; absent is success. @throws StoreUnavailableError */
  delete(key: string, options?: CallOptions): Promise<void>;

  /**
   * One page of at most {@link LIST_PAGE_OBJECTS} objects whose keys begin with `prefix` and lie after `startAfter`,
   * in ascending order of UTF-8 bytes. @throws StoreUnavailableError
   */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
}

export const LIST_PAGE_OBJECTS = 1000;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The trace that the call is a part of (W3C Trace Context), valid; for whoever looks at the bucket's side. Changes nothing. */
  readonly traceparent?: string;
}

export interface GetOptions extends CallOptions {
  /** Bytes [start, end), or the last `suffix` bytes (fewer if the object is shorter). */
  readonly range?: { readonly start: number; readonly end: number } | { readonly suffix: number };
  readonly ifNoneMatch?: string;
}

export interface StoredObject {
  /** The requested range, or all. */
  readonly body: Uint8Array;
  /** Opaque; compare only for equality. */
  readonly etag: string;
  /** Of the whole object, also when a range was read. */
  readonly sizeBytes: number;
  /** On the store's clock, ms since the Unix epoch; S3 rounds to seconds. */
  readonly lastModifiedAt: number;
}

/** `create`: only where nothing is. `{ match }`: only over the object that has this ETag. There are no unconditional puts. */
export type PutCondition = 'create' | { readonly match: string };

/**
 * - `done`: applied, and durable.
 * - `refused`: the condition did not hold and this attempt was not applied. (An earlier attempt may have been.)
 * - `unknown`: may have been applied, or may still be applied later (timeout, reset, 409, 5xx).
 */
export type PutOutcome =
  | { readonly outcome: 'done'; readonly etag: string }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unknown'; readonly cause: unknown };

export interface ListOptions extends CallOptions {
  readonly startAfter?: string;
  /** 1 … {@link LIST_PAGE_OBJECTS}, the default. */
  readonly limit?: number;
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** True when more follow after the last of `objects`. */
  readonly truncated: boolean;
}

export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModifiedAt: number;
}
