import { bucketLayout } from '@leasehold/bucket-layout';
import type { Head } from '@leasehold/engine';
import { decodeHead, filesOf } from '@leasehold/engine';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { BusyBucket, LARGE } from '../testing/busy-bucket.js';
import type { ScrubReport } from './scrub-report.js';

let bucket: BusyBucket;
let head: Head;

beforeAll(async () => {
  bucket = await BusyBucket.filled();
  head = decodeHead((await bucket.read(bucketLayout.head(LARGE))).body);
});
afterEach(() => bucket.restore());
afterAll(() => bucket.stop());

/** By what they are: the names of all that a scrub has to look at. */
async function everything(): Promise<Record<string, readonly string[]>> {
  const file = ({ id }: { readonly id: string }) => bucketLayout.sst(LARGE, id);
  const logs = await bucket.names('log/');
  const left = bucket.logOf(bucket.died);
  const named = new Set([...filesOf(head)].map(file));
  return {
    record: await bucket.names('workers/'),
    head: (await bucket.names('db/')).filter((name) => name.endsWith('/head')),
    L0: head.l0.map(file),
    L1: head.l1.map(file),
    history: head.history.map(({ ref }) => file(ref)),
    'idempotency records': head.idempotency.files.map(file),
    'pinned file': (await bucket.names(bucketLayout.ssts(LARGE))).filter((name) => !named.has(name)),
    pin: await bucket.names(bucketLayout.pins(LARGE)),
    rollup: logs.filter((name) => name.includes('/rollup/')),
    segment: logs.filter((name) => !name.includes('/rollup/') && !name.startsWith(left)),
    'segment of a closed log': logs.filter((name) => name.startsWith(left)).slice(0, 3),
    seal: logs.filter((name) => name.startsWith(left)).slice(3),
  };
}

const KINDS = [
  'record',
  'head',
  'L0',
  'L1',
  'history',
  'idempotency records',
  'pinned file',
  'pin',
  'rollup',
  'segment',
  'segment of a closed log',
  'seal',
] as const;

function wrong({ missing, corrupt, findings }: ScrubReport) {
  return {
    missing,
    corrupt,
    names: findings
      .filter(({ kind }) => kind !== 'orphan')
      .map(({ name }) => name)
      .sort(),
  };
}

async function spoiled(name: string, spoil: (body: Uint8Array) => Uint8Array): Promise<ScrubReport> {
  await bucket.restore();
  const { body } = await bucket.read(name);
  await bucket.overwrite(name, spoil(body));
  return bucket.scrub();
}

function flipped(body: Uint8Array): Uint8Array {
  const bit = Math.floor(bucket.random.fraction() * body.byteLength * 8);
  const copy = Uint8Array.from(body);
  copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

describe('a busy bucket that nobody has touched', () => {
  it('holds every kind of object', async () => {
    const kinds = await everything();
    expect(Object.keys(kinds)).toEqual(KINDS);
    expect(Object.entries(kinds).filter(([, names]) => names.length === 0)).toEqual([]);
  });

  it('has everything, whole, and nothing else', async () => {
    const objects = (await bucket.names('')).length;
    expect(await bucket.scrub()).toEqual({
      objects,
      referenced: objects,
      missing: 0,
      corrupt: 0,
      orphans: 0,
      young: 0,
      databases: 4,
      sessions: 2,
      quarantined: 0,
      unclosed: 0,
      findings: [],
    });
  });
});

describe.each(KINDS)('damage to a %s', (kind) => {
  it('is found where a bit was turned over', async () => {
    for (const name of (await everything())[kind]?.slice(0, 5) ?? []) {
      for (let i = 0; i < 3; i++)
        expect(wrong(await spoiled(name, flipped))).toEqual({ missing: 0, corrupt: 1, names: [name] });
    }
  });

  it.each([
    ['the last byte', (body: Uint8Array) => body.subarray(0, body.byteLength - 1)],
    ['a half', (body: Uint8Array) => body.subarray(0, body.byteLength >>> 1)],
    ['everything', () => new Uint8Array(0)],
  ])('is found where %s is cut off', async (_, cut) => {
    const [name] = (await everything())[kind] as [string];
    expect(wrong(await spoiled(name, cut))).toEqual({ missing: 0, corrupt: 1, names: [name] });
  });

  it('is found where more follows', async () => {
    const [name] = (await everything())[kind] as [string];
    const report = await spoiled(name, (body) => Uint8Array.from([...body, 0]));
    expect(wrong(report)).toEqual({ missing: 0, corrupt: 1, names: [name] });
  });
});

describe('objects that have changed places', () => {
  it.each(KINDS)('are found: %s', async (kind) => {
    const kinds = await everything();
    const [a] = kinds[kind] as [string];
    // Where there is only one of its kind, with the nearest of another.
    const b = kinds[kind]?.[1] ?? (kind === 'pin' ? kinds['head']?.[0] : kinds['L1']?.[0]);
    if (b === undefined) throw new Error('nothing to change places with');
    const [inA, inB] = [(await bucket.read(a)).body, (await bucket.read(b)).body];
    await bucket.overwrite(a, inB);
    await bucket.overwrite(b, inA);
    expect(wrong(await bucket.scrub())).toEqual({ missing: 0, corrupt: 2, names: [a, b].sort() });
  });
});

describe('objects that are gone', () => {
  const FOUND = ['head', 'L0', 'L1', 'history', 'idempotency records', 'rollup', 'segment of a closed log'] as const;

  it.each(FOUND)('are missing: %s', async (kind) => {
    for (const name of (await everything())[kind] ?? []) {
      await bucket.restore();
      await bucket.memory.delete(name);
      expect(wrong(await bucket.scrub())).toEqual({ missing: 1, corrupt: 0, names: [name] });
    }
  });

  it('leave what they kept as orphans: a record its log, a pin its file', async () => {
    const kinds = await everything();
    const [pin] = kinds['pin'] as [string];
    await bucket.memory.delete(pin);
    expect(await bucket.scrub()).toMatchObject({ missing: 0, corrupt: 0, orphans: kinds['pinned file']?.length });
    await bucket.memory.delete(bucketLayout.session(bucket.died.session.id));
    const left = (kinds['pinned file']?.length ?? 0) + 3;
    expect(await bucket.scrub()).toMatchObject({ missing: 0, corrupt: 0, orphans: left });
  });

  it('open a log that was closed: a seal', async () => {
    const seals = (await everything())['seal'] as readonly string[];
    expect(seals).toHaveLength(64);
    expect(await bucket.scrub()).toMatchObject({ unclosed: 0 });
    await bucket.memory.delete(seals[20] as string);
    expect(await bucket.scrub()).toMatchObject({ unclosed: 1, missing: 0, corrupt: 0 });
  });
});
