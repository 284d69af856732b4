import type { Version } from '@leasehold/foundation';
import { equalVersions } from '@leasehold/foundation';
import type { ListedEntry } from '@leasehold/protocol';
import { encodeWatchMessage, entryBytes } from '@leasehold/protocol';

import type { FeedPart } from '../changes/feed.js';
import type { FeedRequests } from '../changes/feed-requests.js';
import type { KvKeys } from './kv-reads.js';

export interface WatchContext {
  /** Room for a message, until it is left. */
  readonly admit: (sizeBytes: number) => () => void;
  /**
   * Told of a look after which nothing is told: it has read so much. The next one waits until this resolves, since others may commit at any rate
   * to the database.
   */
  readonly onUntold: (sizeBytes: number, signal: AbortSignal) => Promise<void>;
}

const NOTHING = new Uint8Array(0);

/**
 * Messages of a watch, in place of parts of a change feed: the feed tells when to look, and what is told is what the keys hold then, of one
 * state. So a reader that is slow is told the newest, and an expiry, which is no commit, is seen when the feed has waited in vain.
 *
 *     first:   read the keys ───────────────────────→ all of them
 *     then:    wait for a commit → read the keys ───→ all of them, if one has another version than was told
 */
export class WatchSource {
  private told: readonly (Version | undefined)[] | undefined;

  constructor(
    private readonly changes: Pick<FeedRequests, 'part'>,
    private readonly read: (signal: AbortSignal) => Promise<KvKeys>,
    private readonly context: WatchContext,
  ) {}

  /** @throws ProblemError what the worker has refused */
  async first(signal: AbortSignal): Promise<FeedPart> {
    return this.partOf(await this.read(signal), 0);
  }

  /** @throws ProblemError what the worker has refused */
  async part(since: number, waitMs: number, signal: AbortSignal): Promise<FeedPart> {
    const { through, taken } = await this.changes.part(since, waitMs, signal);
    taken();
    const keys = await this.read(signal);
    const part = this.partOf(keys, through);
    if (part.text.byteLength === 0) await this.context.onUntold(sizeOf(keys), signal);
    return part;
  }

  private partOf({ found, version }: KvKeys, through: number): FeedPart {
    const { told } = this;
    const isAsTold = told !== undefined && found.every((entry, position) => isSame(told[position], entry));
    const text = isAsTold ? NOTHING : encodeWatchMessage(found);
    const taken = text.byteLength === 0 ? () => undefined : this.context.admit(text.byteLength);
    // Where there was no room for it, it is told the next time.
    this.told = found.map((entry) => entry?.version);
    return { text, through: Math.max(through, version.sequence), taken };
  }
}

function sizeOf({ found }: KvKeys): number {
  return found.reduce((bytes, entry) => bytes + (entry === undefined ? 0 : entryBytes(entry)), 0);
}

function isSame(told: Version | undefined, entry: ListedEntry | undefined): boolean {
  if (told === undefined || entry === undefined) return told === entry?.version;
  return equalVersions(told, entry.version);
}
