import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { concatBytes, CorruptBytesError, seededRandom, utf8 } from '@leasehold/foundation';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld } from '../../testing/engine-world.js';
import type { Entry } from '../entry.js';
import { deleteEntry, putEntry } from '../entry.js';
import { FilterBuilder } from '../format/sst-filter.js';
import type { SstRef } from '../format/sst-ref.js';
import { encodeTailEnd, parseTail } from '../format/sst-tail.js';
import { decodeSst } from './decode-sst.js';
import { MissingFileError } from './missing-file-error.js';
import { SstBuilder } from './sst-builder.js';
import { describeSst, verifySst } from './verify-sst.js';

const FILE_ID = '01jd00000000000000000000f1';
const OTHER = 'c4a1e2d3-0000-4000-8000-5f6e7d8c9b0a' as DatabaseId;
const NAME = bucketLayout.sst(DATABASE, FILE_ID);

/** In a few blocks, with a version that hides another, a delete and an expiry. */
const ENTRIES: readonly Entry[] = (() => {
  const random = seededRandom(4);
  const entries: Entry[] = [];
  for (let i = 0; i < 60; i++) {
    const key = utf8(`key-${String(i).padStart(5, '0')}`);
    const version = { epoch: 2, sequence: 100 + i };
    if (i % 7 === 3) entries.push(deleteEntry(key, version));
    else entries.push(putEntry(key, version, random.bytes(1_000), i % 5 === 0 ? 1_000_000 + i : undefined));
    if (i % 6 === 0) entries.push(putEntry(key, { epoch: 1, sequence: 1 + i }, random.bytes(10)));
  }
  return entries;
})();

function built(entries: readonly Entry[] = ENTRIES, databaseId = DATABASE, id = FILE_ID) {
  const builder = new SstBuilder(databaseId, { coversFrom: 1, coversThrough: 200 });
  for (const entry of entries) builder.add(entry);
  return builder.finish(id, new Uint8Array(16).fill(7));
}

describe('verifying a file', () => {
  let world: EngineWorld;
  let ref: SstRef;
  let bytes: Uint8Array;

  beforeEach(() => {
    world = new EngineWorld();
    ({ ref, bytes } = built());
  });

  async function verified(body: Uint8Array, by: Partial<SstRef> = {}): Promise<void> {
    await world.memory.delete(NAME);
    await world.memory.put(NAME, body, 'create');
    await verifySst(world.memory, DATABASE, { ...ref, ...by });
  }

  it('accepts what was written, and shows every entry', async () => {
    await verified(bytes);
    const shown: Entry[] = [];
    await verifySst(world.memory, DATABASE, ref, (entry) => void shown.push(entry));
    expect(shown.map(({ version }) => version)).toEqual(ENTRIES.map(({ version }) => version));
    expect(bytes.byteLength).toBeGreaterThan(40_000);
  });

  it('refuses it with any byte changed, wherever', async () => {
    for (let at = 0; at < bytes.byteLength; at += at > ref.filterOffset ? 3 : 101) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x10;
      await expect(verified(changed)).rejects.toThrow(CorruptBytesError);
    }
  });

  it.each([
    'sizeBytes',
    'entries',
    'deletes',
    'putBytes',
    'superseded',
    'supersededBytes',
    'expiring',
    'expiresThrough',
    'minSequence',
    'maxSequence',
    'coversFrom',
    'coversThrough',
    'rangeDeletesThrough',
    'filterLength',
    'indexLength',
  ] as const)('refuses a reference with another %s', async (field) => {
    await expect(verified(bytes, { [field]: ref[field] + 1 })).rejects.toThrow(CorruptBytesError);
  });

  it('refuses a reference with other bounds', async () => {
    await expect(verified(bytes, { minKey: utf8('a') })).rejects.toThrow(CorruptBytesError);
    await expect(verified(bytes, { maxKey: utf8('z') })).rejects.toThrow(CorruptBytesError);
  });

  it('refuses a file of another database, of another name, or with other entries of the same count', async () => {
    await expect(verified(built(ENTRIES, OTHER).bytes)).rejects.toThrow(CorruptBytesError);
    await expect(verified(built(ENTRIES, DATABASE, '01jd00000000000000000000f2').bytes)).rejects.toThrow(
      CorruptBytesError,
    );
    await expect(verified(built(ENTRIES.slice(1)).bytes)).rejects.toThrow(CorruptBytesError);
  });

  /** A file whose head, tail and checksums agree with each other, and not with its blocks. */
  function lying(lies: Partial<SstRef>, filter = bytes.subarray(ref.filterOffset, ref.indexOffset)) {
    const { filterOffset, indexOffset, indexLength } = ref;
    const index = bytes.subarray(indexOffset, indexOffset + indexLength);
    const lengths = { filterOffset, filterLength: filter.byteLength, indexLength };
    const end = encodeTailEnd({ ...ref, ...lies, databaseId: DATABASE }, new Uint8Array(16), lengths);
    const body = concatBytes(bytes.subarray(0, filterOffset), filter, index, end);
    return { body, ref: parseTail(body, body.byteLength).ref };
  }

  it.each([
    ['entries', 1],
    ['deletes', 1],
    ['putBytes', 1],
    ['superseded', 1],
    ['supersededBytes', 1],
    ['expiring', 1],
    ['expiresThrough', 1],
    ['minSequence', 1],
    ['maxSequence', 1],
  ] as const)('counts for itself: refuses a file and a head that agree on a wrong %s', async (field, more) => {
    const lie = lying({ [field]: ref[field] + more });
    await expect(verified(lie.body, lie.ref)).rejects.toThrow(/has another|out of range/);
  });

  it('looks for itself: refuses wrong bounds, and a filter without its keys', async () => {
    for (const lies of [{ minKey: utf8('key') }, { maxKey: utf8('kez') }]) {
      const lie = lying(lies);
      await expect(verified(lie.body, lie.ref)).rejects.toThrow('other bounds');
    }
    const honest = lying({});
    await verified(honest.body, honest.ref);
    const blind = lying({}, new FilterBuilder().finish());
    await expect(verified(blind.body, blind.ref)).rejects.toThrow('filter lacks a key');
  });

  it('says that a file is missing', async () => {
    await expect(verifySst(world.memory, DATABASE, ref)).rejects.toThrow(MissingFileError);
  });

  it('reads one of another folder there', async () => {
    await world.memory.put(bucketLayout.sst(OTHER, FILE_ID), built(ENTRIES, OTHER).bytes, 'create');
    await verifySst(world.memory, DATABASE, { ...built(ENTRIES, OTHER).ref, folder: OTHER });
  });

  it('is decoded as a whole', () => {
    const decoded = decodeSst(bytes);
    expect(decoded).toMatchObject({ databaseId: DATABASE, ref });
    expect(decoded.entries.map(({ version, value }) => [version.sequence, value.byteLength])).toEqual(
      ENTRIES.map(({ version, value }) => [version.sequence, value.byteLength]),
    );
    expect(() => decodeSst(bytes.subarray(1))).toThrow(CorruptBytesError);
  });

  it('describes a file as its head would', async () => {
    await world.memory.put(NAME, bytes, 'create');
    expect(await describeSst(world.memory, DATABASE, FILE_ID, bytes.byteLength)).toEqual(ref);
    await expect(describeSst(world.memory, OTHER, FILE_ID, bytes.byteLength)).rejects.toThrow(MissingFileError);
    await world.memory.put(bucketLayout.sst(OTHER, FILE_ID), bytes, 'create');
    await expect(describeSst(world.memory, OTHER, FILE_ID, bytes.byteLength)).rejects.toThrow(CorruptBytesError);
    await expect(describeSst(world.memory, DATABASE, FILE_ID, 5)).rejects.toThrow(CorruptBytesError);
  });
});
