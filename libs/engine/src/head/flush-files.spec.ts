import { describe, expect, it } from '@jest/globals';
import type { Clock, DatabaseId, TenantId, Timer } from '@leasehold/foundation';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import { NEVER } from '../entry.js';
import { sstWriterOfFlush } from './flush-files.js';
import { emptyHead } from './new-head.js';

const HEAD = emptyHead({
  databaseId: '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11' as DatabaseId,
  tenantId: 'tenant' as TenantId,
  name: 'main',
});
const MARKS = { coversFrom: 1, coversThrough: 1, rangeDeletesThrough: 0 };

/** On which every look finds that much time has passed, and which counts the turns that others were given. */
class SlowClock implements Clock {
  turns = 0;
  private monotonicMs = 0;
  private readonly clock = new FakeClock();

  now = (): number => this.clock.now();
  monotonic = (): number => (this.monotonicMs += 5);
  schedule = (): Timer => ({ cancel: () => undefined });
  sleep = async (): Promise<void> => {
    this.turns++;
  };
}

function entriesOf(count: number, valueBytes: number): Entry[] {
  return Array.from({ length: count }, (_, n) => ({
    kind: 'put',
    key: utf8(`key ${String(n).padStart(6, '0')}`),
    version: { epoch: 1, sequence: 1 },
    value: new Uint8Array(valueBytes),
    expiresAt: NEVER,
  }));
}

async function turnsOf(count: number, valueBytes: number): Promise<number> {
  const clock = new SlowClock();
  const write = sstWriterOfFlush({ store: new MemoryStore(new FakeClock()), clock, random: seededRandom(1) });
  await write(HEAD, entriesOf(count, valueBytes), MARKS);
  return clock.turns;
}

describe('the writer of a flush', () => {
  it.each([
    [4_000, 100],
    [256, 16 * 1024],
    [8, 512 * 1024],
  ])('gives others their turn while it makes a file of %i values of %i bytes', async (count, valueBytes) => {
    const valuesBytes = count * valueBytes;
    expect(await turnsOf(count, valueBytes)).toBeGreaterThanOrEqual(
      Math.min(count, Math.max(count / 64, valuesBytes / 131_072) - 1),
    );
  });
});
