import { describe, expect, it } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';

import type { Batch } from './collector.js';
import { Collector } from './collector.js';
import { LoggedAppend } from './logged-append.js';

const SETTINGS = { maxSegmentBytes: 4 * 1024 * 1024, shareBytes: 256 * 1024 };
const MIB = 1024 * 1024;

function append(databaseId: string, sequence: number, sizeBytes = 100): LoggedAppend {
  const of = { databaseId: databaseId as DatabaseId, epoch: 1, firstSequence: sequence, lastSequence: sequence };
  const listener = { durable: () => undefined, lost: () => undefined };
  return new LoggedAppend({ ...of, payload: new Uint8Array(sizeBytes) }, listener);
}

function names({ appends }: Batch): string {
  return appends.map(({ databaseId, lastSequence }) => `${databaseId}${lastSequence}`).join(' ');
}

function collectorOf(appends: readonly LoggedAppend[]): Collector {
  const collector = new Collector(SETTINGS);
  for (const each of appends) collector.add(each);
  return collector;
}

function takeAll(collector: Collector): Batch[] {
  const batches: Batch[] = [];
  while (!collector.empty) batches.push(collector.take());
  return batches;
}

describe('the collector', () => {
  it('lets small appends share a segment, in the order of their arrival', () => {
    const collector = collectorOf([append('a', 1), append('b', 1), append('a', 2), append('c', 1)]);
    expect(takeAll(collector).map(names)).toEqual(['a1 b1 a2 c1']);
  });

  it('puts what others write in front of the large transactions of one database', () => {
    const noisy = Array.from({ length: 12 }, (_, n) => append('n', n + 1, 3 * MIB));
    const collector = collectorOf([...noisy, append('q', 1)]);
    const batches = takeAll(collector).map(names);
    expect(batches.slice(0, 3)).toEqual(['q1', 'n1', 'n2']);
    expect(batches).toHaveLength(13);
  });

  it('gives a database that writes much a share of the segment of all, and the rest of it a segment of its kind', () => {
    const size = SETTINGS.shareBytes / 4;
    const collector = collectorOf([
      ...Array.from({ length: 8 }, (_, n) => append('n', n + 1, size)),
      append('q', 1),
      append('q', 2),
    ]);
    expect(takeAll(collector).map(names)).toEqual(['n1 n2 n3 q1 q2', 'n4 n5 n6 n7 n8']);
  });

  it('keeps a database among the large while it has anything there', () => {
    const collector = collectorOf([append('n', 1, MIB), append('n', 2), append('q', 1)]);
    expect(takeAll(collector).map(names)).toEqual(['q1', 'n1 n2']);
    collector.add(append('n', 3));
    collector.add(append('q', 2));
    expect(takeAll(collector).map(names)).toEqual(['n3 q2']);
  });

  it('puts earlier appends of a database first, and then at once what had to wait for that', () => {
    const collector = collectorOf([append('q', 1), append('n', 1)]);
    collector.add(append('n', 2, 3 * MIB));
    collector.add(append('n', 3, 3 * MIB));
    expect(names(collector.take())).toBe('q1 n1');
    expect(collector.full).toBe(true);
    expect(names(collector.take())).toBe('n2');
    expect(names(collector.take())).toBe('n3');
    expect(collector.empty).toBe(true);
  });

  it('puts the large after four segments of the others at the latest', () => {
    const collector = collectorOf([append('n', 1, MIB)]);
    const order: string[] = [];
    for (let n = 1; n <= 8; n++) {
      collector.add(append('q', n));
      order.push(names(collector.take()));
    }
    expect(order).toEqual(['q1', 'q2', 'q3', 'q4', 'n1', 'q5 q6', 'q7', 'q8']);
  });

  it('lets full segments of the large pass the others once, and not again', () => {
    const collector = collectorOf([append('q', 1)]);
    expect(names(collector.take())).toBe('q1');
    collector.add(append('q', 2));
    for (let n = 1; n <= 3; n++) collector.add(append('n', n, 3 * MIB));
    expect(takeAll(collector).map(names)).toEqual(['n1', 'q2', 'n2', 'n3']);
  });

  it('puts the large in time also when each time something earlier has to go first', () => {
    const collector = collectorOf([append('n', 1, MIB)]);
    let sequence = 0;
    let taken = 0;
    for (let step = 0; step < 12; step++) {
      // Another database each time, with a little and then with much.
      const name = `x${step}-`;
      collector.add(append(name, ++sequence));
      collector.add(append(name, ++sequence, 300_000));
      do {
        taken++;
        if (names(collector.take()).includes('n1')) step = 12;
      } while (collector.full);
    }
    expect(taken).toBeLessThanOrEqual(8);
  });

  it('puts the large after the last of what is earlier, of whichever of their databases', () => {
    const collector = collectorOf([append('e', 1)]);
    // So much that the next one begins another batch.
    for (let n = 0; n < 17; n++) collector.add(append(`x${n}`, 1, 250_000));
    collector.add(append('d', 1));
    collector.add(append('d', 2, MIB));
    collector.add(append('e', 2, MIB));
    // A full segment of the large is put after one of the others.
    collector.add(append('f', 1, 4 * MIB));
    const order = takeAll(collector).map(names);
    expect(order.findIndex((batch) => batch.includes('d1'))).toBeLessThan(
      order.findIndex((batch) => batch.includes('d2')),
    );
  });

  it('keeps every append, and the order of each database, whatever comes', () => {
    const random = seededRandom(3);
    const below = (limit: number) => Math.floor(random.fraction() * limit);
    const sizes = [50, 50, 50, 100_000, 200_000, 300_000, 2 * MIB, 5 * MIB];
    const collector = new Collector(SETTINGS);
    const next = new Map<string, number>();
    const seen = new Map<string, number>();
    const look = ({ appends }: Batch): void => {
      expect(appends.length).toBeGreaterThan(0);
      for (const { databaseId, lastSequence } of appends) {
        expect(lastSequence).toBe((seen.get(databaseId) ?? 0) + 1);
        seen.set(databaseId, lastSequence);
      }
    };
    for (let step = 0; step < 3_000; step++) {
      const name = `d${below(6)}`;
      const sequence = (next.get(name) ?? 0) + 1;
      next.set(name, sequence);
      collector.add(append(name, sequence, sizes[below(sizes.length)]));
      if (below(4) === 0 && !collector.empty) look(collector.take());
      while (collector.full && below(3) > 0) look(collector.take());
    }
    for (const batch of takeAll(collector)) look(batch);
    expect(seen).toEqual(next);
  });
});
