import type { DatabaseIdentity } from '@leasehold/engine';
import type { Random } from '@leasehold/foundation';
import { parseVersion, utf8 } from '@leasehold/foundation';
import { changesRange, EventStreamReader, formatChangeEvent, formatPosition } from '@leasehold/protocol';

import type { Changes } from '../src/reads/change-feed.js';
import type { RoutedCalls } from './routed-calls.js';

export interface HeardCommit {
  readonly id: string;
  readonly changes: string;
}

const MAX_PART = 40;
const MAX_WAIT_MS = 4_000;

/**
 * A reader of a change feed as it is over HTTP: parts become a stream of events, its connection breaks anywhere in them, and then it resumes with
 * nothing but the id of the last whole block. What it has heard is on its disk.
 */
export class FeedReader {
  readonly heard: HeardCommit[] = [];
  killed = 0;
  private lastId = '';

  constructor(
    private readonly calls: RoutedCalls,
    private readonly database: DatabaseIdentity,
    private readonly random: Random,
    private readonly prefix?: string,
  ) {}

  /** The sequence that it would resume from. */
  get reached(): number {
    return parseVersion(this.lastId)?.sequence ?? 0;
  }

  /** One connection, of a few parts. */
  async connect(): Promise<void> {
    const stream = new EventStreamReader();
    const parts = 1 + this.pick(5);
    let since = this.reached;
    for (let part = 0; part < parts; part++) {
      const changes = await this.part(since);
      const text = utf8(this.textOf(changes, since));
      const isLast = part === parts - 1;
      // The gateway has written all of it; how much has arrived when the reader dies is chance.
      const bytes = isLast ? text.subarray(0, this.pick(text.byteLength + 1)) : text;
      for (const { id, data } of stream.push(bytes)) {
        this.heard.push({ id, changes: JSON.stringify((JSON.parse(data) as { changes: unknown }).changes) });
      }
      if (stream.lastId !== '') this.lastId = stream.lastId;
      since = changes.through;
    }
    this.killed++;
  }

  private part(since: number): Promise<Changes> {
    const range = this.prefix === undefined ? undefined : changesRange(utf8(this.prefix));
    const request = { since, range, maxCommits: 1 + this.pick(MAX_PART), waitMs: this.pick(MAX_WAIT_MS) };
    return this.calls.read(async (worker, options) => worker.access.changes(this.database, request, options));
  }

  private textOf({ commits, position }: Changes, since: number): string {
    const range = this.prefix === undefined ? {} : changesRange(utf8(this.prefix));
    const text = commits.map((commit) => formatChangeEvent(commit, 'utf8', range)).join('');
    const told = commits.at(-1)?.version.sequence ?? since;
    return position !== undefined && position.sequence > told ? text + formatPosition(position) : text;
  }

  private pick(limit: number): number {
    return Math.floor(this.random.fraction() * limit);
  }
}
