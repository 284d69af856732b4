import { eventLoopTurn } from '@leasehold/foundation';
import type { Ulid } from '@leasehold/foundation';

import { compareKeys } from '../entry.js';
import type { Head } from '../format/head.js';
import type { Block } from '../format/sst-block.js';
import type { SstIndex } from '../format/sst-index.js';
import type { SstRef } from '../format/sst-ref.js';
import type { BlockCache } from '../sst/block-cache.js';
import type { CachedFile } from '../sst/cache-slot.js';
import type { SstReader, SstSource } from '../sst/sst-reader.js';
import { HeadFiles } from './head-files.js';
import { standIn } from './stand-in.js';

/** Of one GET: a request costs as much as a megabyte takes to come. */
export const WARMING_FETCH_BYTES = 1024 * 1024;

/** Blocks that were not asked for are fetched along when leaving them out would take a request more. */
const WARMING_GAP_BYTES = 128 * 1024;

/** Of one database; the cache has a bound for all. */
const FETCHES_AT_ONCE = 2;

/** When so many GETs wait, further databases become warm by their reads. */
const MOST_WAITING = 64;

export interface Adoption {
  readonly from: Head;
  readonly to: Head;
  readonly files: SstSource;
  /** Wall ms. */
  readonly now: number;
  /** Of the adoption before; ends with this. */
  readonly earlier: Warming | undefined;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The owner reads from another head from now on. If the database is in use, the files that are new in it are brought into memory in the background:
 * the tails, then the blocks with keys that lay there in the files that they replace, of which they take the room. Until then reads find in memory what
 * the old files have there. Undefined: there is nothing to bring.
 */
export function adoptFiles({ from, to, files, now, earlier }: Adoption): Warming | undefined {
  earlier?.stop();
  const before = HeadFiles.inUse(from, files, now);
  if (files.cache === undefined || before === undefined) return undefined;
  const base = earlier?.isDone === false ? earlier.base : from;
  const after = HeadFiles.of(to, files);
  const added = without(levelsOf(to), idsOf(base));
  const replaced = without([...levelsOf(base), ...levelsOf(from)], idsOf(to));
  const former = replaced.length === 0 ? undefined : standIn(base, to);
  after.follow(before, former && HeadFiles.of(former, files));
  if (added.length === 0 || files.cache.warmingPermits.waiting >= MOST_WAITING) {
    after.arrived();
    return undefined;
  }
  return new Warming(base, after, files.cache, added, replaced);
}

/** Files of one database on their way into memory. */
export class Warming {
  private isStopped = false;
  private isOver = false;
  /** Resolves when it has ended, whatever came of it. */
  readonly ended: Promise<void>;
  /** What may be fetched, and what may be kept, which is decompressed: as much as there is of the replaced files at the beginning. */
  private leftBytes = 0;
  private roomBytes = 0;
  private readonly targets: readonly SstReader[];
  private readonly replaced: readonly SstReader[];
  /** These say best which keys are read: a file of L0 spans many that may never be. */
  private readonly l1: ReadonlySet<Ulid>;

  /** @param base whose files are the ones in memory */
  constructor(
    readonly base: Head,
    private readonly after: HeadFiles,
    private readonly cache: BlockCache,
    added: readonly SstRef[],
    replaced: readonly SstRef[],
  ) {
    this.targets = added.map((ref) => after.readerOf(ref));
    this.replaced = replaced.map((ref) => after.readerOf(ref));
    this.l1 = new Set(base.l1.map(({ id }) => id));
    this.ended = this.run();
  }

  /** False: what the old files have in memory may be more than what the new ones have. */
  get isDone(): boolean {
    return this.isOver;
  }

  /** Nobody reads the database any more, or another head is there. */
  stop(): void {
    this.isStopped = true;
    this.after.arrived();
  }

  private async run(): Promise<void> {
    try {
      for (const file of this.residents()) for (const slot of file.slots()) this.leftBytes += slot.sizeBytes;
      this.roomBytes = this.leftBytes;
      await this.bringTails();
      await this.bringBlocks(this.replaced.filter(({ ref }) => this.l1.has(ref.id)));
      await this.bringBlocks(this.replaced);
      if (!this.isStopped) this.forgetReplaced();
    } catch {
      // Whoever reads will find the same, and can say so.
    } finally {
      this.after.arrived();
      this.isOver = !this.isStopped;
    }
  }

  /** Without these every read waits, even for what a file does not have. */
  private async bringTails(): Promise<void> {
    const mapped = this.replaced.filter((reader) => reader.resident()?.peekMap() !== undefined);
    const mappedL1 = mapped.filter(({ ref }) => this.l1.has(ref.id));
    const known = mappedL1.length > 0 ? mappedL1 : mapped;
    const wanted = this.targets.filter(
      ({ ref }) => this.replaced.length === 0 || known.some((reader) => overlap(ref, reader.ref)),
    );
    await this.each(wanted, async (reader) => {
      this.leftBytes -= reader.ref.sizeBytes - reader.ref.filterOffset;
      await reader.map();
      // Counts as used, so that it is still there when its blocks come.
      reader.mapInMemory();
    });
  }

  private async bringBlocks(replaced: readonly SstReader[]): Promise<void> {
    const hot = replaced.flatMap(residentRanges);
    for (const target of this.targets) {
      // Each comparison is short, but there may be thousands of ranges.
      await eventLoopTurn();
      const map = target.resident()?.peekMap();
      if (map === undefined) continue;
      const spans = spansOf(map.index, wantedBlocks(target, map.index, hot));
      await this.each(spans, (span) => this.bring(target, map.index, span));
    }
  }

  private async bring(target: SstReader, index: SstIndex, { from, to }: Span): Promise<void> {
    const sizeBytes = index.offset(to) - index.offset(from);
    if (sizeBytes > this.leftBytes) return;
    this.leftBytes -= sizeBytes;
    const fetched = await target.fetchAhead(from, to);
    const [first, last] = [fetched[0], fetched[fetched.length - 1]];
    if (this.isStopped || first === undefined || last === undefined) return;
    this.forgetBetween(first[1].entry(0).key, lastKeyOf(last[1]));
    for (const [block, value] of fetched) {
      this.roomBytes -= value.sizeBytes;
      if (this.roomBytes < 0) return;
      target.keep(block, value);
    }
  }

  /** Without a pause before the new ones are kept, so that reads find either. */
  private forgetBetween(start: Uint8Array, end: Uint8Array): void {
    for (const file of this.residents()) {
      const index = file.peekMap()?.index;
      if (index === undefined) continue;
      const to = index.firstAtOrAfter(end);
      // The first may begin below, with keys whose new block is not here yet.
      for (let block = index.firstAtOrAfter(start) + 1; block < to; block++) this.cache.forget(file, block);
    }
  }

  private forgetReplaced(): void {
    for (const file of this.residents()) for (const { block } of file.slots()) this.cache.forget(file, block);
  }

  private residents(): CachedFile[] {
    return this.replaced.map((reader) => reader.resident()).filter((file) => file !== undefined);
  }

  /** Few at once, of all databases too. The first failure ends it. */
  private async each<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
    const left = items[Symbol.iterator]();
    const worker = async (): Promise<void> => {
      for (let step = left.next(); step.done !== true && !this.isStopped; step = left.next()) {
        const { value } = step;
        await this.cache.warmingPermits.during(async () => (this.isStopped ? undefined : work(value)));
      }
    };
    await Promise.all(Array.from({ length: FETCHES_AT_ONCE }, worker));
  }
}

function levelsOf({ l0, l1 }: Head): SstRef[] {
  return [...l0, ...l1];
}

function idsOf(head: Head): ReadonlySet<Ulid> {
  return new Set(levelsOf(head).map(({ id }) => id));
}

/** Each file once. */
function without(refs: readonly SstRef[], ids: ReadonlySet<Ulid>): SstRef[] {
  return [...new Map(refs.filter(({ id }) => !ids.has(id)).map((ref) => [ref.id, ref])).values()];
}

function overlap(a: SstRef, b: SstRef): boolean {
  return compareKeys(a.minKey, b.maxKey) <= 0 && compareKeys(b.minKey, a.maxKey) <= 0;
}

/** Both ends included. */
interface HotRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** The keys of which a file has blocks in memory. */
function residentRanges(reader: SstReader): HotRange[] {
  const file = reader.resident();
  if (file === undefined) return [];
  return file.blockRuns().map(([from, to]) => ({
    start: (file.peek(from) as Block).entry(0).key,
    end: lastKeyOf(file.peek(to - 1) as Block),
  }));
}

function lastKeyOf(block: Block): Uint8Array {
  return block.entry(block.count - 1).key;
}

/** Those that may hold a key of the ranges and are not in memory, in order. */
function wantedBlocks(target: SstReader, index: SstIndex, hot: readonly HotRange[]): number[] {
  const { minKey, maxKey } = target.ref;
  const wanted = new Uint8Array(index.count);
  for (const { start, end } of hot) {
    if (compareKeys(start, maxKey) > 0 || compareKeys(end, minKey) < 0) continue;
    wanted.fill(1, index.firstAtOrAfter(start), index.firstAtOrAfter(end) + 1);
  }
  const file = target.resident();
  const blocks: number[] = [];
  wanted.forEach((isWanted, block) => {
    if (isWanted === 1 && file?.holds(block) !== true) blocks.push(block);
  });
  return blocks;
}

function* spansOf(index: SstIndex, blocks: readonly number[]): Generator<Span> {
  let span: Span | undefined;
  for (const block of blocks) {
    const end = index.offset(block + 1);
    const isNear = span !== undefined && index.offset(block) - index.offset(span.to) <= WARMING_GAP_BYTES;
    if (span !== undefined && isNear && end - index.offset(span.from) <= WARMING_FETCH_BYTES) {
      span = { from: span.from, to: block + 1 };
      continue;
    }
    if (span !== undefined) yield span;
    span = { from: block, to: block + 1 };
  }
  if (span !== undefined) yield span;
}
