import type { ByteCommitted, ByteFeedOptions } from './byte-changes.js';
import { fromBase64, toBase64Url, valueBytes } from './bytes.js';
import type { ByteCheck, ByteCommit, ByteOperation } from './byte-commit.js';
import { staysFailed, wireCommit } from './byte-commit.js';
import type { ByteTransaction, TransactOptions } from './byte-transaction.js';
import { runTransaction } from './byte-transaction.js';
import { followChanges } from './change-feed.js';
import type { ConflictError } from './errors.js';
import { InvalidError, NotFoundError } from './errors.js';
import type { ByteKey, ByteRange, DeletedRange } from './key-range.js';
import { keyBytes } from './key-range.js';
import type {
  CallOptions,
  CommitOptions,
  Committed,
  DeleteOptions,
  ListOptions,
  Page,
  PageOptions,
  PointInTime,
  PutOptions,
  ReadOptions,
  Statistics,
  Version,
} from './options.js';
import { entriesInAll, wirePointInTime } from './options.js';
import type { Answer, Call, Transport } from './transport.js';
import type { ValueCache } from './value-cache.js';
import { Writes } from './writes.js';
import type { ByteEntry, WireSnapshot } from './wire.js';
import { committedOf, JSON_HEADERS, jsonOf, pageOfWire, versionOf, wireList } from './wire.js';

export interface ByteReads extends CallOptions {
  /** At most 1,000. */
  readonly gets?: readonly ByteKey[];
  /** At most 100 pages; they share 4 MiB. */
  readonly lists?: readonly (ByteRange & Pick<PageOptions, 'limit' | 'reverse' | 'cursor'>)[];
  /** Which state to read; the present by default. */
  readonly at?: PointInTime | undefined;
}

/** By the positions of what was asked. */
export interface ByteSnapshot {
  readonly version: Version;
  readonly gets: readonly (ByteEntry | undefined)[];
  readonly lists: readonly Page<ByteEntry>[];
}

const DEFAULT_PAGE_SIZE = 500;

/** A database as it is: keys and values are bytes. `Database` puts tuples and codecs on top. */
export class ByteDatabase {
  private readonly writes: Writes;

  constructor(
    private readonly transport: Transport,
    private readonly cache: ValueCache | undefined,
  ) {
    this.writes = new Writes(transport);
  }

  /** Undefined: there is no such key. */
  async get(key: ByteKey, { at, signal }: ReadOptions = {}): Promise<ByteEntry | undefined> {
    const bytes = keyBytes(key);
    const key64 = keyInPath(bytes);
    const cached = at === undefined ? this.cache?.get(key64) : undefined;
    const call: Call = {
      method: 'GET',
      path: `/keys64/${key64}${at === undefined ? '' : `?at=${encodeURIComponent(wirePointInTime(at) ?? '')}`}`,
      headers: cached === undefined ? {} : { 'if-none-match': `"${cached.version}"` },
      repeat: 'read',
      accepts: [304],
      signal,
    };
    const read = ({ status, headers, body }: Answer): ByteEntry => {
      const expiry = headers.get('leasehold-expires-at');
      const ends = expiry ? { expiresAt: new Date(expiry) } : {};
      if (status === 304 && cached !== undefined) {
        return { key: bytes, value: cached.value.slice(), version: cached.version, ...ends };
      }
      const [, version] = /^"(.*)"$/.exec(headers.get('etag') ?? '') ?? [];
      return { key: bytes, value: body, version: versionOf(version), ...ends };
    };
    const entry = await this.transport.send(call, read).catch((error: unknown) => {
      // Of a database that does not exist the code is another one.
      if (error instanceof NotFoundError && error.code === 'key-not-found') return undefined;
      throw error;
    });
    if (entry === undefined) this.cache?.delete(key64);
    else if (at === undefined && entry.version !== cached?.version) this.cache?.set(key64, entry.value, entry.version);
    return entry;
  }

  /** Answered when it is durable. @throws ConflictError the condition does not hold; its `version` is what is there */
  async put(key: ByteKey, value: Uint8Array, options: PutOptions = {}): Promise<Committed> {
    const { ttlSeconds, signal } = options;
    const call: KeyCall = {
      method: 'PUT',
      headers: {
        'content-type': 'application/octet-stream',
        ...conditionOf(options),
        ...(ttlSeconds === undefined ? {} : { 'leasehold-ttl': String(ttlSeconds) }),
      },
      body: valueBytes(value),
      signal,
    };
    return this.writeKey(keyBytes(key), call, options);
  }

  /** Deleting a key that does not exist succeeds, unless a condition demands one. @throws ConflictError */
  async delete(key: ByteKey, options: DeleteOptions = {}): Promise<Committed> {
    const call: KeyCall = { method: 'DELETE', headers: conditionOf(options), signal: options.signal };
    return this.writeKey(keyBytes(key), call, options);
  }

  /** One commit and one write unit, whatever is in it. */
  deleteRange(range: DeletedRange<ByteRange>, options: CommitOptions = {}): Promise<Committed> {
    return this.commit({ ops: [{ op: 'deleteRange', range }] }, options);
  }

  /** Checks and operations that are known already; `transact` is for those that follow from what is read. @throws ConflictError names the check that failed */
  async commit({ checks = [], ops = [] }: ByteCommit, options: CommitOptions = {}): Promise<Committed> {
    const staysRefused = ({ failedCheck }: ConflictError) => {
      const check: ByteCheck | undefined = failedCheck === undefined ? undefined : checks[failedCheck];
      return check !== undefined && staysFailed(check);
    };
    const [first] = ops;
    const body = wireCommit({ checks, ops });
    if (first === undefined) return this.check(body, options);
    return this.writes.send(
      { method: 'POST', path: '/transactions', headers: JSON_HEADERS, body, staysRefused, signal: options.signal },
      options,
      placeOf(first),
    );
  }

  /** A part of a range, in the order of unsigned bytes. */
  async page({ signal, at, limit, reverse, cursor, ...range }: ByteRange & PageOptions = {}): Promise<Page<ByteEntry>> {
    const { lists } = await this.read({ lists: [{ ...range, limit, reverse, cursor }], at, signal });
    const [page] = lists;
    return page as Page<ByteEntry>;
  }

  /** All of a range, page by page as it is iterated over. All pages show one state. */
  async *list(options: ByteRange & ListOptions = {}): AsyncIterableIterator<ByteEntry> {
    const { limit, pageSize = DEFAULT_PAGE_SIZE, ...asked } = options;
    let { at } = options;
    let left = entriesInAll(limit);
    let cursor: string | null | undefined;
    // Ends with the range: each page but the last goes on behind an entry.
    while (left > 0 && cursor !== null) {
      const page: Page<ByteEntry> = await this.page({ ...asked, at, limit: Math.min(left, pageSize), cursor });
      yield* page.entries;
      left -= page.entries.length;
      ({ cursor, version: at } = page);
    }
  }

  /** Many keys and pages of one state, in one trip. */
  async read({ gets = [], lists = [], at, signal }: ByteReads): Promise<ByteSnapshot> {
    const keys = gets.map(keyBytes);
    const body = {
      gets: keys.map((key) => ({ key64: toBase64Url(key) })),
      lists: lists.map((list) => wireList(list, list)),
      at: wirePointInTime(at),
      encoding: 'base64',
    };
    const call: Call = {
      method: 'POST',
      path: '/reads',
      headers: JSON_HEADERS,
      body: JSON.stringify(body),
      repeat: 'read',
      signal,
    };
    return this.transport.send(call, (answer) => snapshotOf(jsonOf<WireSnapshot>(answer), keys, lists.length));
  }

  /**
   * Runs `work` until what it read is still so when what it wrote is applied: all of it as one commit, once, or nothing. `work` may run several times.
   * @returns what `work` returned in the run that was applied
   * @throws ConflictError others were faster in all of the attempts
   */
  transact<T>(work: (transaction: ByteTransaction) => Promise<T> | T, options: TransactOptions = {}): Promise<T> {
    return runTransaction(this, this.transport.platform, work, options);
  }

  /**
   * Every commit after `since`, once, in order, and then what is committed from now on. Goes on by itself after cut connections, and ends by rejecting with the reason of its
   * signal.
   * @throws InvalidError `history-gone`: `since` lies before what the database remembers; read the present state, and follow from its version
   */
  changes(options: ByteFeedOptions = {}): AsyncIterableIterator<ByteCommitted> {
    return followChanges(this.transport, options);
  }

  /** Brings the database to a worker ahead of use. Free, and safe to repeat. */
  async warm({ signal }: CallOptions = {}): Promise<void> {
    await this.transport.send({ method: 'POST', path: '/warm', repeat: 'read', signal }, () => undefined);
  }

  /** Free. */
  stats({ signal }: CallOptions = {}): Promise<Statistics> {
    return this.transport.send({ method: 'GET', path: '/stats', repeat: 'read', signal }, jsonOf<Statistics>);
  }

  private async writeKey(key: Uint8Array, call: KeyCall, options: PutOptions): Promise<Committed> {
    const staysRefused = () => typeof options.ifVersion === 'string';
    return this.writes.send({ ...call, path: `/keys64/${keyInPath(key)}`, staysRefused }, options, key);
  }

  /** Checks alone change nothing: as a read, they can be repeated without a key. */
  private check(body: string, { signal }: CommitOptions): Promise<Committed> {
    const call: Call = { method: 'POST', path: '/transactions', headers: JSON_HEADERS, body, repeat: 'read', signal };
    return this.transport.send(call, committedOf);
  }
}

type KeyCall = Pick<Call, 'method' | 'headers' | 'body' | 'signal'>;

function keyInPath(key: Uint8Array): string {
  if (key.length > 0) return toBase64Url(key);
  throw new InvalidError({ code: 'invalid-key', message: 'a key has at least one byte' });
}

/** @throws InvalidError conditions that exclude one another, or one without a value, which must not be lost */
function conditionOf(options: PutOptions): Record<string, string> {
  const { ifVersion, ifExists } = options;
  const hasVersion = Object.hasOwn(options, 'ifVersion');
  const hasExists = Object.hasOwn(options, 'ifExists');
  if (hasVersion && hasExists) throw wrongCondition('give ifVersion or ifExists, not both');
  if (hasVersion && ifVersion !== null && typeof ifVersion !== 'string') {
    throw wrongCondition('ifVersion is a version, or null for no such key; leave it out where nothing is demanded');
  }
  if (hasExists && ifExists !== true) throw wrongCondition('ifExists is true, or left out');
  if (ifVersion === null) return { 'if-none-match': '*' };
  if (ifVersion !== undefined) return { 'if-match': `"${ifVersion}"` };
  return hasExists ? { 'if-match': '*' } : {};
}

function wrongCondition(message: string): InvalidError {
  return new InvalidError({ code: 'invalid-argument', message });
}

function placeOf(operation: ByteOperation): Uint8Array {
  if (operation.op !== 'deleteRange') return keyBytes(operation.key);
  const { prefix, start, end } = operation.range as ByteRange;
  return keyBytes(start ?? prefix ?? end ?? 'x');
}

/** @throws where the answer is none to what was asked */
function snapshotOf(wire: WireSnapshot, keys: readonly Uint8Array[], listCount: number): ByteSnapshot {
  const version = versionOf(wire.version);
  if (wire.lists.length !== listCount) throw new RangeError('another number of pages');
  return {
    version,
    gets: keys.map((key, at) => {
      const found = wire.gets[at];
      return found ? { key, value: fromBase64(found.value), version: versionOf(found.version) } : undefined;
    }),
    lists: wire.lists.map((list) => pageOfWire(list, version)),
  };
}
