import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, Ulid } from '@leasehold/foundation';
import { CorruptBytesError, toHex, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld } from '../../testing/engine-world.js';
import { compactDatabase } from '../compaction/compact-database.js';
import { filesOf } from '../head/file-ids.js';
import { collectGarbage } from './collect-garbage.js';
import type { Pin } from './pin.js';
import { decodePin, encodePin } from './pin.js';
import { lookAtPins, pinDatabase, unpin } from './pins.js';

const HOUR = 60 * 60 * 1000;
const TO_FILE = { inlineLimitBytes: 0 };
const NOW = { minAgeMs: 0 };
const BRANCH = '1c8f2a5e-1d3c-4e6f-8a9b-7c5d3e1f0a2b' as DatabaseId;

const PIN: Pin = {
  id: '1'.padStart(26, '0') as Ulid,
  folder: DATABASE,
  holder: BRANCH,
  purpose: 'branch',
  sequence: 7,
  createdAt: 1_790_000_000_000,
  files: ['3'.padStart(26, '0') as Ulid, '5'.padStart(26, '0') as Ulid],
};

async function existing(world: EngineWorld): Promise<string[]> {
  const { objects } = await world.memory.list(bucketLayout.ssts(DATABASE));
  return objects.map(({ key }) => key.slice(bucketLayout.ssts(DATABASE).length));
}

async function withFiles(count: number, retentionMs = 0): Promise<EngineWorld> {
  const world = new EngineWorld();
  await world.claim(retentionMs);
  for (let i = 0; i < count; i++) await world.flush([world.commit({ a: `${i}`, [`k${i}`]: 'x' })], TO_FILE);
  return world;
}

describe('a pin', () => {
  it('is laid out as drawn', () => {
    const drawn = [
      ['magic, format version', toHex(utf8('LHPN')) + '0001'],
      ['nonce', 'ab'.repeat(16)],
      ['id', toHex(utf8(PIN.id))],
      ['folder', '24' + toHex(utf8(DATABASE))],
      ['holder', '24' + toHex(utf8(BRANCH))],
      ['purpose: branch', '01'],
      ['sequence', '000000000007'],
      ['created at', (1_790_000_000_000).toString(16).padStart(12, '0')],
      ['files', '02' + PIN.files.map((id) => toHex(utf8(id))).join('')],
    ];
    const bytes = encodePin(PIN, new Uint8Array(16).fill(0xab));
    expect(toHex(bytes).slice(0, -8)).toBe(drawn.map(([, hex]) => hex).join(''));
    expect(decodePin(bytes)).toEqual(PIN);
  });

  it('is refused with any bit turned over', () => {
    const bytes = encodePin(PIN, new Uint8Array(16));
    for (let bit = 0; bit < bytes.byteLength * 8; bit += 7) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodePin(flipped)).toThrow(CorruptBytesError);
    }
  });
});

describe('pinned files', () => {
  it('survive compaction and gc until they are unpinned, and nothing else does', async () => {
    const world = await withFiles(2);
    const held = await pinDatabase(world.ctx, DATABASE, { holder: BRANCH, purpose: 'branch' });
    await world.flush([world.commit({ b: '1' })], TO_FILE);
    const unpinned = (await world.load()).head.l0[0]?.id as Ulid;
    await compactDatabase(world.ctx, DATABASE, { l0Files: 2 });
    expect(await collectGarbage(world.ctx, DATABASE, NOW)).toMatchObject({ outcome: 'collected', deletedFiles: 1 });
    const left = await existing(world);
    expect(left).toEqual(expect.arrayContaining([...(held?.pin.files ?? [])]));
    expect(left).not.toContain(unpinned);
    await unpin(world.ctx.store, held?.pin as Pin);
    expect(await collectGarbage(world.ctx, DATABASE, NOW)).toMatchObject({ outcome: 'collected', deletedFiles: 2 });
    expect(await existing(world)).toEqual([...filesOf((await world.load()).head)].map(({ id }) => id));
  });

  it('stop everything when a pin cannot be read, or is not what its name says', async () => {
    const world = await withFiles(2);
    await compactDatabase(world.ctx, DATABASE, { l0Files: 2 });
    const name = `${bucketLayout.pins(DATABASE)}${'9'.padStart(26, '0')}`;
    await world.memory.put(name, encodePin(PIN, new Uint8Array(16)), 'create');
    expect(await collectGarbage(world.ctx, DATABASE, NOW)).toMatchObject({ outcome: 'pinned', deletedFiles: 0 });
    expect(await existing(world)).toHaveLength(3);
  });

  it('are those of a head that still names them after the pin is there (G2)', async () => {
    const world = await withFiles(2);
    let isFirst = true;
    const store: typeof world.store = {
      get: (key, options) => world.store.get(key, options),
      list: (prefix, options) => world.store.list(prefix, options),
      delete: (key) => world.store.delete(key),
      put: async (key, body, condition) => {
        // Compacted and collected between the read of the head and the pin.
        if (isFirst && key.startsWith(bucketLayout.pins(DATABASE))) {
          isFirst = false;
          await compactDatabase(world.ctx, DATABASE, { l0Files: 2 });
          await collectGarbage(world.ctx, DATABASE, NOW);
        }
        return world.store.put(key, body, condition);
      },
    };
    const held = await pinDatabase({ ...world.ctx, store }, DATABASE, { holder: BRANCH, purpose: 'export' });
    expect(await existing(world)).toEqual(held?.pin.files);
    const pins = await world.memory.list(bucketLayout.pins(DATABASE));
    expect(pins.objects.map(({ key }) => key)).toEqual([`${bucketLayout.pins(DATABASE)}${held?.pin.id}`]);
  });
});

describe('a look at pins', () => {
  it('tells the first of them with a request each, and that there are more', async () => {
    const world = await withFiles(1);
    for (let i = 0; i < 3; i++) {
      world.clock.advance(1);
      await pinDatabase(world.ctx, DATABASE, { holder: BRANCH, purpose: 'export' });
    }
    world.takeCalls();
    const { pins, unreadable, hasMore } = await lookAtPins(world.store, DATABASE, 2);
    expect(world.takeCalls()).toEqual({ list: 1, get: 2 });
    expect(pins.map(({ purpose, holder, files }) => [purpose, holder, files.length])).toEqual([
      ['export', BRANCH, 1],
      ['export', BRANCH, 1],
    ]);
    expect((pins[0] as Pin).id < (pins[1] as Pin).id).toBe(true);
    expect([unreadable, hasMore]).toEqual([0, true]);
    expect(await lookAtPins(world.store, DATABASE, 3)).toMatchObject({ hasMore: false });
  });

  it('counts those that nobody can read', async () => {
    const world = await withFiles(1);
    await pinDatabase(world.ctx, DATABASE, { holder: BRANCH, purpose: 'undo' });
    await world.memory.put(`${bucketLayout.pins(DATABASE)}${'9'.padStart(26, '0')}`, utf8('nonsense'), 'create');
    const { pins, unreadable } = await lookAtPins(world.store, DATABASE, 10);
    expect([pins.length, unreadable]).toEqual([1, 1]);
  });
});

describe('files of history', () => {
  it('survive gc until the window has passed them', async () => {
    const world = await withFiles(3, HOUR);
    const before = await existing(world);
    await compactDatabase(world.ctx, DATABASE, { l0Files: 2 });
    expect((await world.load()).head.history).toHaveLength(3);
    expect(await collectGarbage(world.ctx, DATABASE, NOW)).toMatchObject({ outcome: 'nothing' });
    expect(await existing(world)).toEqual(expect.arrayContaining(before));
    world.clock.advance(HOUR);
    expect(await compactDatabase(world.ctx, DATABASE, { l0Files: 2 })).toMatchObject({ outcome: 'compacted' });
    // With the L1 file that still had the old versions.
    expect(await collectGarbage(world.ctx, DATABASE, NOW)).toMatchObject({ outcome: 'collected', deletedFiles: 4 });
    expect(await existing(world)).toEqual([...filesOf((await world.load()).head)].map(({ id }) => id));
  });
});
