import { mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { Clock } from '@leasehold/foundation';

import { listPage, selectRange } from '../listing.js';
import { contentEtag } from '../memory-store.js';
import { assertObjectKey } from '../object-key.js';
import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from '../object-store.js';
import { OrderedKeys } from '../ordered-keys.js';
import { StoreUnavailableError } from '../store-errors.js';
import { DurableDirectories, syncDirectory } from './durable-directories.js';
import { objectPath } from './file-names.js';
import { FolderUnusableError, isSystemError, systemErrorCode } from './folder-errors.js';
import { FolderLock } from './folder-lock.js';
import { scanFolder } from './folder-scan.js';
import { Gate } from './gate.js';
import { KeyedLock } from './keyed-lock.js';
import { OBJECT_HEADER_BYTES, encodeObjectHeader } from './object-file.js';
import type { ObjectHeader } from './object-file.js';

/** Far below the usual limit of 1024 open files per process. */
const MAX_OPEN_FILES = 256;

/**
 * A bucket in a folder, for one process:
 *
 *     <directory>/lock        held while the store is open
 *     <directory>/objects/    one file per object, see file-names.ts and object-file.ts
 *     <directory>/incoming/   puts in progress; emptied at open
 *
 * A put is written beside, synced, renamed into place, and its directory synced, before it is answered or seen by any reader: after kill -9 or
 * a power cut at any point each object is there whole, as it was before or after. Reads and listings are answered from an index in memory,
 * about 250 bytes per object, built at open.
 */
export class FolderStore implements ObjectStore {
  private readonly keys: OrderedKeys;
  private readonly locks = new KeyedLock();
  private readonly gate = new Gate(MAX_OPEN_FILES);
  private readonly directories: DurableDirectories;
  private readonly inProgress = new Set<Promise<unknown>>();
  private incomingFiles = 0;
  /** Set when nothing may be done any more: closed, or the disk failed in a way that leaves its state unclear. */
  private unusable: Error | undefined;

  private constructor(
    private readonly objectsDirectory: string,
    private readonly incomingDirectory: string,
    private readonly lock: FolderLock,
    private readonly clock: Clock,
    private readonly index: Map<string, ObjectHeader>,
  ) {
    this.keys = OrderedKeys.from(index.keys());
    this.directories = new DurableDirectories(objectsDirectory);
  }

  /**
   * Creates the folder if needed, takes its lock and reads what is there.
   * @throws FolderUnusableError when it is not writable or in use by another process
   * @throws CorruptBytesError when it holds a damaged object
   */
  static async open(directory: string, clock: Clock): Promise<FolderStore> {
    const root = resolve(directory);
    const objectsDirectory = join(root, 'objects');
    const incomingDirectory = join(root, 'incoming');
    await writable(root, () => mkdir(root, { recursive: true }));
    // A parent that we may pass through but not read cannot be synced; then the folder was hardly created by us just now.
    await syncDirectory(dirname(root)).catch(() => undefined);
    const lock = await FolderLock.acquire(root);
    try {
      await writable(root, async () => {
        await rm(incomingDirectory, { recursive: true, force: true });
        await mkdir(incomingDirectory);
        await mkdir(objectsDirectory, { recursive: true });
        await syncDirectory(root);
      });
      return new FolderStore(objectsDirectory, incomingDirectory, lock, clock, scanFolder(objectsDirectory));
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** How many objects there are. */
  get objects(): number {
    return this.keys.size;
  }

  /** Waits for the calls in progress and lets go of the folder; later calls fail. */
  async close(): Promise<void> {
    if (this.unusable instanceof ClosedError) return;
    this.unusable = new ClosedError('the bucket folder is closed');
    await Promise.allSettled(this.inProgress);
    await this.lock.release();
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | 'not-modified' | undefined> {
    assertObjectKey(key);
    return this.answer(options, () =>
      this.locks.read(key, async () => {
        const header = this.index.get(key);
        if (!header) return undefined;
        if (options.ifNoneMatch === header.etag) return 'not-modified';
        const { start, end } = selectRange(header.sizeBytes, options.range);
        const body = await this.gate.pass(() =>
          readFileRange(this.pathOf(key), OBJECT_HEADER_BYTES + start, end - start),
        );
        return { body, ...header };
      }),
    );
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options: CallOptions = {}): Promise<PutOutcome> {
    assertObjectKey(key);
    return this.track(
      this.locks.write(key, async (): Promise<PutOutcome> => {
        if (this.unusable) return { outcome: 'unknown', cause: this.unusable };
        if (options.signal?.aborted) return { outcome: 'unknown', cause: options.signal.reason };
        const present = this.index.get(key)?.etag;
        if (present !== (condition === 'create' ? undefined : condition.match)) return { outcome: 'refused' };
        try {
          const header = await this.gate.pass(() => this.write(key, body));
          this.index.set(key, header);
          this.keys.add(key);
          return { outcome: 'done', etag: header.etag };
        } catch (error) {
          return { outcome: 'unknown', cause: error };
        }
      }),
    );
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    assertObjectKey(key);
    return this.answer(options, () =>
      this.locks.write(key, async () => {
        if (!this.index.has(key)) return;
        const path = this.pathOf(key);
        await unlink(path);
        await this.syncOrStop(dirname(path));
        this.index.delete(key);
        this.keys.delete(key);
      }),
    );
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    return this.answer(options, async () =>
      listPage(this.keys, prefix, options, (key) => this.index.get(key) as ObjectHeader),
    );
  }

  private async write(key: string, body: Uint8Array): Promise<ObjectHeader> {
    const header = {
      etag: contentEtag(body),
      sizeBytes: body.byteLength,
      lastModifiedAt: Math.floor(this.clock.now()),
    };
    const path = this.pathOf(key);
    const incoming = join(this.incomingDirectory, String(this.incomingFiles++));
    try {
      await writeDurably(incoming, encodeObjectHeader(header), body);
      await this.directories.ensure(dirname(path));
      await rename(incoming, path);
    } catch (error) {
      // Nothing has changed yet; the remains of an incoming file would only be noise.
      await unlink(incoming).catch(() => undefined);
      throw error;
    }
    await this.syncOrStop(dirname(path));
    return header;
  }

  /** After a failed sync nobody can tell what the disk holds: the file is changed, the index is not. Reopening reads the truth. */
  private async syncOrStop(path: string): Promise<void> {
    try {
      await this.directories.sync(path);
    } catch (error) {
      this.unusable ??= new FolderUnusableError(`the bucket folder's disk failed (${systemErrorCode(error)})`, {
        cause: error,
      });
      throw error;
    }
  }

  private async answer<T>(options: CallOptions, body: () => Promise<T>): Promise<T> {
    if (this.unusable) throw new StoreUnavailableError(this.unusable.message, { cause: this.unusable });
    if (options.signal?.aborted)
      throw new StoreUnavailableError('call was abandoned', { cause: options.signal.reason });
    try {
      return await this.track(body());
    } catch (error) {
      if (isSystemError(error)) {
        throw new StoreUnavailableError(`the bucket folder failed (${systemErrorCode(error)})`, { cause: error });
      }
      throw error;
    }
  }

  private track<T>(call: Promise<T>): Promise<T> {
    this.inProgress.add(call);
    const forget = (): void => void this.inProgress.delete(call);
    call.then(forget, forget);
    return call;
  }

  private pathOf(key: string): string {
    return join(this.objectsDirectory, objectPath(key));
  }
}

class ClosedError extends FolderUnusableError {}

async function writable(root: string, body: () => Promise<unknown>): Promise<void> {
  try {
    await body();
  } catch (error) {
    throw new FolderUnusableError(`the bucket folder ${root} is not writable (${systemErrorCode(error)})`, {
      cause: error,
    });
  }
}

async function writeDurably(path: string, header: Uint8Array, body: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    const { bytesWritten } = await file.writev([header, body]);
    // A disk that fills up may take a part only.
    if (bytesWritten !== header.byteLength + body.byteLength)
      throw new Error(`only ${bytesWritten} bytes were written`);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readFileRange(path: string, position: number, length: number): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let read = 0; read < length;) {
      const { bytesRead } = await file.read(bytes, read, length - read, position + read);
      if (bytesRead === 0) throw new StoreUnavailableError('an object file is shorter than its header says');
      read += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
