/** `@leasehold/client`: a database per tenant, from everywhere where there is `fetch`. */
export type { ByteChange, ByteCommitted, ByteFeedOptions, FeedOptions } from './byte-changes.js';
export type { ByteCheck, ByteCommit, ByteOperation } from './byte-commit.js';
export { ByteDatabase, type ByteReads, type ByteSnapshot } from './byte-database.js';
export { ByteTransaction, type TransactOptions } from './byte-transaction.js';
export type { Change, ChangeSet, ChangesOptions } from './changes.js';
export { bytes, type Codec, counter, json, text } from './codec.js';
export { Collection } from './collection.js';
export { connect, type ConnectOptions, type ServiceOptions } from './connect.js';
export type { Token } from './credentials.js';
export { type CollectionOptions, Database, type Reads, type SchemaOptions, type Snapshot } from './database.js';
export type { Entry } from './entry-form.js';
export {
  ConflictError,
  InvalidError,
  LeaseholdError,
  NotFoundError,
  QuotaError,
  UnauthorizedError,
  UnavailableError,
  UndecodableError,
  UnknownOutcomeError,
} from './errors.js';
export type { ByteKey, ByteRange, DeletedRange } from './key-range.js';
export type * from './options.js';
export type { Fetch } from './platform.js';
export type { Cost, ResponseFacts } from './response-facts.js';
export type { RetrySettings } from './retry-policy.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js';
export { type CodecOption, Transaction, TransactionCollection, type TransactionListOptions } from './transaction.js';
export { decodeKey, encodeKey, type Key, type KeyPart } from './tuple.js';
export type { KeyRange } from './tuple-range.js';
export { SchemaError, validated } from './validated.js';
export type { CacheSettings } from './value-cache.js';
export { versioned, type VersionedOptions } from './versioned.js';
export type { ByteEntry } from './wire.js';
