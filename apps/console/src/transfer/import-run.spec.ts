import { describe, expect, it } from '@jest/globals';
import { InvalidError, UnknownOutcomeError, type ByteOperation } from '@leasehold/client';

import { utf8 } from '../data/bytes.js';
import { BadLineError, type ImportBatch } from './import-batches.js';
import { ImportRun, type ImportProgress } from './import-run.js';

interface Sent {
  readonly keys: readonly string[];
  readonly idempotencyKey: string | undefined;
}

/** Keeps what was sent, and fails as it is told to. */
class FakeData {
  readonly sent: Sent[] = [];
  onCommit: () => void = () => undefined;

  readonly commit = async (
    { ops = [] }: { readonly ops?: readonly ByteOperation[] },
    { idempotencyKey }: { readonly idempotencyKey?: string } = {},
  ) => {
    const keys = ops.map((op) => (op.op === 'put' ? new TextDecoder().decode(op.key as Uint8Array) : op.op));
    this.sent.push({ keys, idempotencyKey });
    this.onCommit();
    return { version: '00000001000000000007' };
  };
}

function batch(nextPosition: number, ...keys: string[]): ImportBatch {
  return { entries: keys.map((key) => ({ key: utf8(key), value: utf8('v') })), expired: 1, nextPosition };
}

async function* batchesOf(batches: readonly ImportBatch[], failure?: Error): AsyncIterableIterator<ImportBatch> {
  yield* batches;
  if (failure) throw failure;
}

function importOf(batches: readonly ImportBatch[], failure?: Error) {
  const data = new FakeData();
  const told: ImportProgress[] = [];
  const run = new ImportRun(data, batchesOf(batches, failure), 'id', (progress) => void told.push(progress));
  return { data, told, run };
}

const never = () => new AbortController().signal;

describe('an import', () => {
  it('writes commit by commit, each under a name of its own, and tells how far it is', async () => {
    const { data, told, run } = importOf([batch(10, 'a', 'b'), batch(20, 'c')]);
    expect(await run.run(never())).toBe(true);
    expect(data.sent).toEqual([
      { keys: ['a', 'b'], idempotencyKey: 'import-id-10' },
      { keys: ['c'], idempotencyKey: 'import-id-20' },
    ]);
    expect(told).toEqual([
      { entries: 2, expired: 1, position: 10 },
      { entries: 3, expired: 2, position: 20 },
    ]);
  });

  it('sends nothing for what had ended', async () => {
    const { data, told, run } = importOf([batch(10)]);
    expect(await run.run(never())).toBe(true);
    expect(data.sent).toEqual([]);
    expect(told).toEqual([{ entries: 0, expired: 1, position: 10 }]);
  });

  it('sends a commit whose answer was lost again under the same name, and counts it once', async () => {
    const { data, told, run } = importOf([batch(10, 'a'), batch(20, 'b')]);
    const lost = new UnknownOutcomeError({ code: 'timeout', message: 'no answer in time' });
    data.onCommit = () => {
      if (data.sent.length === 1) throw lost;
    };
    await expect(run.run(never())).rejects.toBe(lost);
    expect(run.mayGoOn(lost)).toBe(true);
    expect(told).toEqual([]);
    expect(await run.run(never())).toBe(true);
    expect(data.sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      'import-id-10',
      'import-id-10',
      'import-id-20',
    ]);
    expect(told.map(({ entries }) => entries)).toEqual([1, 2]);
  });

  it('stops behind the commit that is under way, and goes on from there', async () => {
    const { data, told, run } = importOf([batch(10, 'a'), batch(20, 'b')]);
    const stop = new AbortController();
    data.onCommit = () => stop.abort();
    expect(await run.run(stop.signal)).toBe(false);
    expect(data.sent).toHaveLength(1);
    expect(told).toHaveLength(1);
    expect(run.progress).toEqual({ entries: 1, expired: 1, position: 10 });
    expect(await run.run(never())).toBe(true);
    expect(data.sent.map(({ keys }) => keys)).toEqual([['a'], ['b']]);
  });

  it('fails at a bad line for good, after what stands before it', async () => {
    const bad = new BadLineError(2, 'is not JSON');
    const { data, run } = importOf([batch(10, 'a')], bad);
    await expect(run.run(never())).rejects.toBe(bad);
    expect(data.sent.map(({ keys }) => keys)).toEqual([['a']]);
    expect(run.mayGoOn(bad)).toBe(false);
    await expect(run.run(never())).rejects.toBe(bad);
    expect(data.sent).toHaveLength(1);
  });

  it('cannot go on after what the service finds wrong with a commit', () => {
    const { run } = importOf([]);
    expect(run.mayGoOn(new InvalidError({ code: 'invalid-expiry', message: 'too far' }))).toBe(false);
  });
});
