import { bucketLayout } from '@leasehold/bucket-layout';
import type { Head, SstRef } from '@leasehold/engine';
import { decodeHead, describeSst, filesOf, MissingFileError, recordOfEntry, verifySst } from '@leasehold/engine';
import type { DatabaseId, Ulid } from '@leasehold/foundation';
import { CorruptBytesError, forEachBounded, isLeaseholdError } from '@leasehold/foundation';
import type { ListedObject } from '@leasehold/object-store';
import { READS_OF_DAMAGED } from '@leasehold/object-store';

import type { ScrubContext } from './context.js';
import type { PinsOfFolder } from './pins-of-folder.js';
import { readAllPins, readPins } from './pins-of-folder.js';
import type { Decoded } from './read-decoded.js';
import { readDecoded } from './read-decoded.js';
import type { Suspicion, Suspicions } from './suspicions.js';
import { suspicionsOf } from './suspicions.js';
import type { Tally } from './tally.js';

/** Each holds a megabyte of its file, beside index and filter. */
const FILES_AT_ONCE = 4;

/** The folder of one database: its head, all of the files that the head names, and its pins. @throws StoreUnavailableError */
export async function scrubDatabase(
  ctx: ScrubContext,
  databaseId: DatabaseId,
  listed: readonly ListedObject[],
  tally: Tally,
): Promise<void> {
  tally.databases++;
  const scrub = new DatabaseScrub(ctx, databaseId, listed);
  const suspicions = await suspicionsOf(() => scrub.look());
  for (const [name, { kind, why }] of suspicions) tally[kind](name, why);
  if (scrub.head?.quarantined === true) tally.quarantined++;
  for (const object of listed) {
    const orphaned = scrub.whyOrphaned(object);
    if (orphaned === undefined) tally.reference(suspicions.get(object.key)?.kind === 'missing' ? 0 : 1);
    else tally.orphan(object, orphaned);
  }
}

class DatabaseScrub {
  /** As it was last seen; undefined while it cannot be read. */
  head: Head | undefined;
  private pins: PinsOfFolder = { files: new Set(), unreadable: new Map() };
  /** Files never change: what was whole once is. */
  private readonly whole = new Set<string>();
  private readonly otherPins = new Map<DatabaseId, PinsOfFolder>();

  constructor(
    private readonly ctx: ScrubContext,
    private readonly databaseId: DatabaseId,
    private readonly listed: readonly ListedObject[],
  ) {}

  async look(): Promise<Suspicions> {
    const found: Suspicions = new Map();
    const pinsBelow = bucketLayout.pins(this.databaseId);
    const names = this.listed.map(({ key }) => key).filter((key) => key.startsWith(pinsBelow));
    this.pins = await readPins(this.ctx, this.databaseId, names);
    for (const [name, why] of this.pins.unreadable) found.set(name, { kind: 'corrupt', why });
    // Read after the listing: what it names later than that is not an orphan because of it.
    const head = await this.loadHead();
    this.head = head !== undefined && 'value' in head ? head.value : undefined;
    const headName = bucketLayout.head(this.databaseId);
    if (head === undefined) found.set(headName, { kind: 'missing', why: 'there are objects in its folder' });
    else if ('why' in head) found.set(headName, { kind: 'corrupt', why: head.why });
    else await this.lookAtFiles(head.value, found);
    await this.lookAtPinnedFiles(found);
    return found;
  }

  /** Why nobody needs a listed object; undefined when somebody does, or when the head that would tell cannot be read. */
  whyOrphaned({ key }: ListedObject): string | undefined {
    if (key === bucketLayout.head(this.databaseId) || key.startsWith(bucketLayout.pins(this.databaseId)))
      return undefined;
    const id = bucketLayout.parseSst(this.databaseId, key);
    if (id === undefined) return 'nothing is known under such a name';
    if (this.head === undefined || this.pins.files.has(id)) return undefined;
    for (const ref of filesOf(this.head)) if (ref.id === id && ref.folder === undefined) return undefined;
    return 'no head and no pin names it';
  }

  private loadHead(): Promise<Decoded<Head> | undefined> {
    return readDecoded(this.ctx, bucketLayout.head(this.databaseId), (body) => {
      const head = decodeHead(body);
      if (head.databaseId !== this.databaseId) throw new CorruptBytesError('head belongs to another database');
      return head;
    });
  }

  private async lookAtFiles(head: Head, found: Suspicions): Promise<void> {
    const records = new Set(head.idempotency.files);
    await forEachBounded(filesOf(head), FILES_AT_ONCE, async (ref) => {
      const name = bucketLayout.sst(ref.folder ?? this.databaseId, ref.id);
      const fault = await this.lookAtFile(name, ref, records.has(ref));
      if (fault !== undefined) found.set(name, fault);
      if (ref.folder === undefined || (await this.isPinned(ref.folder, ref.id))) return;
      found.set(`${bucketLayout.pins(ref.folder)} of ${ref.id}`, {
        kind: 'missing',
        why: `${this.databaseId} reads it`,
      });
    });
  }

  /** What a pin alone keeps: nobody's head tells what it should be, so it is held to what it says itself. */
  private async lookAtPinnedFiles(found: Suspicions): Promise<void> {
    const { databaseId, head } = this;
    const named = new Set(head === undefined ? [] : [...filesOf(head)].map(({ id }) => id));
    const alone = this.listed.filter(({ key }) => {
      const id = bucketLayout.parseSst(databaseId, key);
      return id !== undefined && this.pins.files.has(id) && !named.has(id);
    });
    await forEachBounded(alone, FILES_AT_ONCE, async ({ key, sizeBytes }) => {
      const id = bucketLayout.parseSst(databaseId, key) as Ulid;
      const fault = await this.faultOf(key, async () => {
        await verifySst(this.ctx.store, databaseId, await describeSst(this.ctx.store, databaseId, id, sizeBytes));
      });
      // Gone with its pin, or before the pin came: whoever needs it names it in a head.
      if (fault?.kind === 'corrupt') found.set(key, fault);
    });
  }

  private lookAtFile(name: string, ref: SstRef, hasRecords: boolean): Promise<Suspicion | undefined> {
    return this.faultOf(name, () =>
      verifySst(this.ctx.store, this.databaseId, ref, hasRecords ? (entry) => void recordOfEntry(entry) : undefined),
    );
  }

  private async faultOf(name: string, verify: () => Promise<void>): Promise<Suspicion | undefined> {
    if (this.whole.has(name)) return undefined;
    for (let read = 1; ; read++) {
      this.ctx.signal?.throwIfAborted();
      try {
        await verify();
        this.whole.add(name);
        return undefined;
      } catch (error) {
        if (error instanceof MissingFileError) return { kind: 'missing', why: `${this.databaseId} names it` };
        if (!isLeaseholdError(error, 'corrupt')) throw error;
        if (read === READS_OF_DAMAGED) return { kind: 'corrupt', why: error.message };
      }
    }
  }

  /** G2: files of another folder stay only while a pin is there. */
  private async isPinned(folder: DatabaseId, id: Ulid): Promise<boolean> {
    let pins = this.otherPins.get(folder);
    if (pins?.files.has(id) !== true) this.otherPins.set(folder, (pins = await readAllPins(this.ctx, folder)));
    return pins.files.has(id);
  }
}
