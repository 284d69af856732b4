import type { ByteEntry, ByteRange, Database, PointInTime, Version } from '@leasehold/client';

import { base64UrlOf } from './bytes.js';
import { KeyWindow } from './key-window.js';

/** Entries of one read; what is held at most is that times the pages, and 4 MiB each. */
const PAGE_ENTRIES = 500;
const HELD_PAGES = 6;

/** What of a listing is on screen. */
export interface ListingState {
  readonly window: KeyWindow<ByteEntry>;
  /** Which state of the database it shows; undefined: nothing was read yet. */
  readonly version: Version | undefined;
  readonly error: Error | undefined;
}

/** What was written since: null is deleted. By base64url of the key. */
type Written = ReadonlyMap<string, ByteEntry | null>;

/**
 * The keys of a range, read as far as somebody looks. All of it shows one state, that of the first page, so that nothing jumps while others write; what was
 * written from here shows at once.
 */
export class KeyListing {
  private state: ListingState = {
    window: KeyWindow.empty({ heldPages: HELD_PAGES }),
    version: undefined,
    error: undefined,
  };
  private written: Written = new Map();
  private looked: readonly [number, number] = [0, 0];
  private reading: AbortController | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly data: Database,
    private readonly range: ByteRange,
    private readonly at: PointInTime | undefined,
    /** How often the range was read before: tells listings of the same range apart. */
    readonly generation: number,
  ) {}

  readonly snapshot = (): ListingState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Which rows are in sight: what is not there of them is read. */
  readonly look = (first: number, last: number): void => {
    this.looked = [first, last];
    void this.readOn();
  };

  /** After an error. */
  readonly retry = (): void => {
    this.change({ error: undefined });
    void this.readOn();
  };

  readonly stop = (): void => {
    this.reading?.abort();
    this.reading = undefined;
  };

  /** Shown from here on in place of what was listed. @param entry null: it is deleted */
  readonly note = (key: Uint8Array, entry: ByteEntry | null): void => {
    this.written = new Map([...this.written, [base64UrlOf(key), entry] as const]);
    this.change({});
  };

  /** Undefined: not there at the moment. */
  entryAt(row: number): { readonly entry: ByteEntry; readonly isDeleted: boolean } | undefined {
    const listed = this.state.window.entryAt(row);
    if (listed === undefined) return undefined;
    const written = this.written.get(base64UrlOf(listed.key));
    return { entry: written ?? listed, isDeleted: written === null };
  }

  private async readOn(): Promise<void> {
    if (this.reading !== undefined || this.state.error !== undefined) return;
    const [page] = this.state.window.missing(...this.looked);
    if (page === undefined) return;
    const reading = (this.reading = new AbortController());
    try {
      const { window, version } = this.state;
      const read = await this.data.bytes.page({
        ...this.range,
        limit: PAGE_ENTRIES,
        cursor: window.startOf(page),
        at: version ?? this.at,
        signal: reading.signal,
      });
      this.change({ window: window.with(page, read), version: version ?? read.version });
    } catch (error) {
      if (reading.signal.aborted) return;
      this.change({ error: error instanceof Error ? error : new Error(String(error)) });
    } finally {
      if (this.reading === reading) this.reading = undefined;
    }
    await this.readOn();
  }

  private change(part: Partial<ListingState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}
