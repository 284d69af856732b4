import type { SettleContext } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import { compareKeys } from '../entry.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { fileIdsAbove } from '../head/file-ids.js';
import { recordOfEntry } from '../head/idempotency-records.js';
import { hidesAllOf } from '../head/range-delete-list.js';
import { Turns } from '../head/turns.js';
import { VersionRetention } from '../head/version-retention.js';
import type { Cursor } from '../read/cursor.js';
import type { SstMarks } from '../sst/sst-builder.js';
import { SstCursor } from '../sst/sst-cursor.js';
import { SstReader } from '../sst/sst-reader.js';
import { MergeMeter, UNWATCHED } from './compaction-watch.js';
import { garbageShare } from './garbage-share.js';
import { EntryMerge } from './merge-entries.js';
import type { CompactionPlan, CompactionSettings } from './plan.js';
import { ReadAhead } from './read-ahead.js';
import { RunWriter } from './run-writer.js';

export interface CompactionOutput {
  /** Durable; for L1 by key, disjoint; none when nothing was left. */
  readonly files: readonly SstRef[];
  /** L1 files of the plan that the merge had nothing to add to: they stay where they are. */
  readonly untouched: readonly SstRef[];
  /** The highest sequence that hid something dropped: the head's horizon must not stay below it (C1). */
  readonly horizon: number;
  readonly droppedEntries: number;
}

/** What all inputs of a merge together may hold of blocks that were fetched and not merged yet, as they lie in the files. */
const FETCHED_BYTES = 64 * 1024 * 1024;

/** Fetches of one megabyte: a GET costs as much time as a megabyte takes to come. */
const MOST_CHUNK_BYTES = 1024 * 1024;
const CHUNKS_AHEAD = 2;

/** L1 is one input and most of what is read. */
const L1_CHUNKS_AHEAD = 4;

/** Keys between two looks at the clock. */
const KEYS_PER_LOOK = 256;

/** An output file that would be cut smaller than this share of the target takes an untouched neighbour in. */
const SMALL_FILE_SHARE = 0.25;

const ONE_BLOCK = { reverse: false, firstFetchBytes: 1, mostFetchBytes: 1 } as const;

/**
 * Merges the inputs of a plan into new files that no head names yet. Streams: a few megabytes per input and two output files are in
 * memory, whatever the size of the database. Reads past the cache, so that it evicts nothing that is hot. Heeds the context's signal between
 * chunks of what it reads: what it has written by then is garbage.
 * @param meter told of what is read
 * @throws MissingFileError when another compaction was faster and gc has been there
 */
export async function executeCompaction(
  ctx: SettleContext,
  head: Head,
  plan: CompactionPlan,
  settings: CompactionSettings,
  meter = new MergeMeter(UNWATCHED, plan, ctx.signal),
): Promise<CompactionOutput> {
  const hidden = hiddenFiles(head, plan);
  if (plan.kind === 'trim') return { files: [], untouched: [], ...hidden };
  const merge = new Merge(ctx, head, plan, settings, meter);
  const output = await (plan.kind === 'records' ? merge.runRecords() : merge.run()).catch((error: unknown) => {
    // An upload that the signal has ended knows nothing of why, and what became of it matters to nobody.
    ctx.signal?.throwIfAborted();
    throw error;
  });
  meter.end();
  return {
    ...output,
    horizon: Math.max(output.horizon, hidden.horizon),
    droppedEntries: output.droppedEntries + hidden.droppedEntries,
  };
}

/** What the files that leave unread raise the horizon to. */
function hiddenFiles(
  { rangeDeletes }: Head,
  { hidden, point }: CompactionPlan,
): Pick<CompactionOutput, 'horizon' | 'droppedEntries'> {
  let horizon = 0;
  for (const ref of hidden) {
    const first = rangeDeletes.find((rangeDelete) => hidesAllOf(rangeDelete, ref));
    horizon = Math.max(horizon, Math.min(first?.version.sequence ?? point.sequence, point.sequence));
  }
  return { horizon, droppedEntries: hidden.reduce((sum, { entries }) => sum + entries, 0) };
}

class Merge {
  private readonly entries = new EntryMerge();
  private readonly retention: VersionRetention;
  private readonly writer: RunWriter;
  private readonly turns: Turns;
  private readonly untouched: SstRef[] = [];
  private readonly chunkBytes: number;
  private passedOver = 0;

  constructor(
    private readonly ctx: SettleContext,
    private readonly head: Head,
    private readonly plan: CompactionPlan,
    private readonly settings: CompactionSettings,
    private readonly meter: MergeMeter,
  ) {
    const { point } = plan;
    this.retention = new VersionRetention({
      point,
      timeline: head.timeline,
      rangeDeletes: head.rangeDeletes,
      mayLieBelow: plan.kind === 'tier' ? belowTier(head, plan) : () => false,
    });
    const marks = { ...coversOf(plan), rangeDeletesThrough: point.sequence };
    this.writer = new RunWriter(ctx, head.databaseId, fileIdsAbove(ctx, head), marks);
    this.turns = new Turns(ctx.clock);
    // Of each input one more than is fetched ahead is being merged.
    const chunks = (plan.l0.length + plan.records.length) * (CHUNKS_AHEAD + 1) + L1_CHUNKS_AHEAD + 1;
    this.chunkBytes = Math.min(MOST_CHUNK_BYTES, Math.floor(FETCHED_BYTES / chunks));
  }

  async run(): Promise<CompactionOutput> {
    const { plan, entries, retention, writer } = this;
    await this.joinAll(plan.l0);
    const l1 = new L1Input(plan.l1, (ref) => this.open(ref, L1_CHUNKS_AHEAD));
    const boundaries = new Boundaries(this.head, plan);
    for (let keys = 1; ; keys++) {
      if (l1.isBetweenFiles) await this.enterL1(l1);
      const key = entries.nextKey;
      if (key === undefined) break;
      const isLarge = plan.kind !== 'tier' && writer.sizeBytes >= this.settings.targetFileBytes;
      if (isLarge || boundaries.areCrossedBy(key)) await writer.cut();
      const pending = entries.next();
      if (pending !== undefined) await pending;
      const kept = retention.keep(entries.versions);
      this.passedOver += entries.passedOver;
      for (let i = 0; i < kept; i++) writer.add(entries.versions[i] as Entry);
      if (keys % KEYS_PER_LOOK === 0) await this.turns.take();
    }
    return this.output();
  }

  /** Of each key the newest record, as long as it has not expired. */
  async runRecords(): Promise<CompactionOutput> {
    const { entries, writer, head } = this;
    await this.joinAll(this.plan.records);
    let droppedEntries = 0;
    for (let keys = 1; entries.nextKey !== undefined; keys++) {
      const pending = entries.next();
      if (pending !== undefined) await pending;
      const newest = entries.versions[0] as Entry;
      const isKept = recordOfEntry(newest).expiresAt > head.lastCommittedAt;
      if (isKept) writer.add(newest);
      droppedEntries += entries.versions.length - (isKept ? 1 : 0);
      if (keys % KEYS_PER_LOOK === 0) await this.turns.take();
    }
    return { files: await writer.finish(), untouched: [], horizon: 0, droppedEntries };
  }

  /** The next L1 file that the merge has something to add to, or to take from. */
  private async enterL1(l1: L1Input): Promise<void> {
    for (;;) {
      const ref = l1.next;
      if (ref === undefined) return;
      if (!this.isUntouched(ref)) break;
      // The output must not reach across it.
      await this.writer.cut();
      this.untouched.push(ref);
      this.meter.pass(ref.sizeBytes);
      l1.skip();
    }
    this.entries.join(await l1.enter());
  }

  private isUntouched(ref: SstRef): boolean {
    if (this.plan.kind !== 'levels') return false;
    const { nextKey } = this.entries;
    if (nextKey !== undefined && compareKeys(nextKey, ref.maxKey) <= 0) return false;
    const { sizeBytes } = this.writer;
    const { targetFileBytes } = this.settings;
    if (sizeBytes > 0 && sizeBytes < targetFileBytes * SMALL_FILE_SHARE) return false;
    return garbageShare(ref, this.plan.point) < this.settings.garbageShare;
  }

  private async joinAll(refs: readonly SstRef[]): Promise<void> {
    const cursors = refs.map((ref) => this.open(ref, CHUNKS_AHEAD));
    await Promise.all(cursors.map(async (cursor) => cursor.start()));
    for (const cursor of cursors) this.entries.join(cursor);
  }

  private open(ref: SstRef, chunks: number): Cursor {
    const reader = new SstReader({ store: this.ctx.store, cache: undefined }, this.head.databaseId, ref);
    const passed = (bytes: number): void => this.meter.pass(bytes);
    return new SstCursor(new ReadAhead(reader, { chunkBytes: this.chunkBytes, chunks }, passed), {}, ONE_BLOCK);
  }

  private async output(): Promise<CompactionOutput> {
    const { retention, untouched } = this;
    const files = await this.writer.finish();
    return { files, untouched, horizon: retention.horizon, droppedEntries: retention.dropped + this.passedOver };
  }
}

/** The run of L1 files, one open at a time. It joins the merge anew with each file, because the next may be left out. */
class L1Input {
  private place = 0;
  private present: Cursor | undefined;

  constructor(
    private readonly refs: readonly SstRef[],
    private readonly open: (ref: SstRef) => Cursor,
  ) {}

  get isBetweenFiles(): boolean {
    return this.place < this.refs.length && this.present?.entry === undefined;
  }

  get next(): SstRef | undefined {
    return this.refs[this.place];
  }

  skip(): void {
    this.place++;
  }

  async enter(): Promise<Cursor> {
    this.present = this.open(this.refs[this.place++] as SstRef);
    await this.present.start();
    return this.present;
  }
}

/** L1 files that are no inputs: an output file must not reach across one. */
class Boundaries {
  private readonly starts: readonly Uint8Array[];
  private next = 0;

  constructor({ l1 }: Head, plan: CompactionPlan) {
    const inputs = new Set([...plan.l1, ...plan.hidden].map(({ id }) => id));
    this.starts = plan.kind === 'tier' ? [] : l1.filter(({ id }) => !inputs.has(id)).map(({ minKey }) => minKey);
  }

  areCrossedBy(key: Uint8Array): boolean {
    let crossed = false;
    for (let start = this.starts[this.next]; start !== undefined && compareKeys(start, key) <= 0;) {
      crossed = true;
      start = this.starts[++this.next];
    }
    return crossed;
  }
}

/** Whether older files of L0, or L1, may hold a version of the key. Keys come in order. */
function belowTier({ l0, l1 }: Head, plan: CompactionPlan): (key: Uint8Array) => boolean {
  const oldest = plan.l0[plan.l0.length - 1] as SstRef;
  const older = l0.slice(l0.findIndex(({ id }) => id === oldest.id) + 1);
  let place = 0;
  return (key) => {
    if (older.some((ref) => compareKeys(ref.minKey, key) <= 0 && compareKeys(ref.maxKey, key) >= 0)) return true;
    while (place < l1.length && compareKeys((l1[place] as SstRef).maxKey, key) < 0) place++;
    const ref = l1[place];
    return ref !== undefined && compareKeys(ref.minKey, key) <= 0;
  };
}

/** Neighbours in L0 whose commits follow each other without a gap are one file to the change feed as well. */
export function coversOf({ kind, l0 }: CompactionPlan): Pick<SstMarks, 'coversFrom' | 'coversThrough'> {
  const none = { coversFrom: 0, coversThrough: 0 };
  if (kind !== 'tier') return none;
  const isWhole = l0.every(({ coversThrough }, i) => {
    const newer = l0[i - 1];
    return coversThrough > 0 && (newer === undefined || newer.coversFrom === coversThrough + 1);
  });
  const newest = l0[0];
  const oldest = l0[l0.length - 1];
  if (!isWhole || newest === undefined || oldest === undefined) return none;
  return { coversFrom: oldest.coversFrom, coversThrough: newest.coversThrough };
}
