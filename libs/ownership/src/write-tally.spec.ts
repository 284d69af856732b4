import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from '@jest/globals';

import { WriteTally } from './write-tally.js';

const HOUR_MS = 3_600_000;
const usage = (commits: number) => ({ commits, writeUnits: 2 * commits, writtenBytes: 100 * commits });
const commit = (sequence: number, committedAt = 0) => ({
  version: { epoch: 1, sequence },
  committedAt,
  usage: usage(sequence),
});

function tallyFrom(reached: number) {
  const told: (readonly [number, number, number])[] = [];
  const tally = new WriteTally(usage(reached), (committedAt, from, to) => {
    told.push([Math.floor(committedAt / HOUR_MS), from.commits, to.commits]);
  });
  return { tally, told };
}

describe('a tally of writes', () => {
  it('tells commits once they are durable, and each once', () => {
    const { tally, told } = tallyFrom(4);
    tally.durable(4);
    for (const sequence of [5, 6, 7]) tally.accepted(commit(sequence));
    tally.durable(6);
    tally.durable(6);
    tally.accepted(commit(8));
    tally.durable(8);
    tally.durable(9);
    expect(told).toEqual([
      [0, 4, 6],
      [0, 6, 8],
    ]);
  });

  it('keeps hours apart', () => {
    const { tally, told } = tallyFrom(0);
    tally.accepted(commit(1, HOUR_MS - 1));
    tally.accepted(commit(2, HOUR_MS));
    tally.accepted(commit(3, HOUR_MS + 1));
    tally.accepted(commit(4, 3 * HOUR_MS));
    tally.durable(3);
    tally.durable(4);
    expect(told).toEqual([
      [0, 0, 1],
      [1, 1, 3],
      [3, 3, 4],
    ]);
  });

  it('tells each of very many that are on their way, however they become durable', () => {
    const { tally, told } = tallyFrom(0);
    for (let sequence = 1; sequence <= 5_000; sequence++) tally.accepted(commit(sequence));
    for (let sequence = 3; sequence <= 5_000; sequence += 3) tally.durable(sequence);
    tally.accepted(commit(5_001));
    tally.durable(5_001);
    expect(told.map(([, from]) => from).slice(1)).toEqual(told.map(([, , to]) => to).slice(0, -1));
    expect([told[0]?.[1], told.at(-1)?.[2]]).toEqual([0, 5_001]);
  });

  it('keeps nothing of what was written, also before it is durable', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { tally, told } = tallyFrom(0);
    const written = Array.from({ length: 100 }, (_, i) => {
      const entries = [new Uint8Array(1_000)];
      const whole = { ...commit(i + 1), entries };
      tally.accepted(whole);
      return [new WeakRef(whole), new WeakRef(entries)];
    });
    // What a WeakRef was made of stays until the task is over.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(written.flat().filter((ref) => ref.deref() !== undefined)).toEqual([]);
    tally.durable(100);
    expect(told).toEqual([[0, 0, 100]]);
  });
});
