import { describe, expect, it } from '@jest/globals';
import type { DatabaseIdentity } from '@leasehold/engine';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { systemClock } from '@leasehold/foundation';

import { FairAdmission } from './fair-admission.js';
import { SLICES } from './fairness-settings.js';
import { madeInTurns } from './made-in-turns.js';

function database(tenant: string): DatabaseIdentity {
  return { tenantId: tenant as TenantId, databaseId: `${tenant}/only` as DatabaseId, name: 'only' };
}

function* pieces(count: number, size: number, onPiece: () => void = () => undefined): Generator<string> {
  for (let n = 0; n < count; n++) {
    onPiece();
    yield String(n % 10).repeat(size);
  }
}

const patience = (): AbortSignal => new AbortController().signal;

describe('an answer that is made in turns', () => {
  it('is the whole text, whatever its length and wherever it is cut', async () => {
    const slices = new FairAdmission(systemClock, SLICES);
    for (const [count, size] of [
      [0, 1],
      [1, 10],
      [3_000, 100],
      [7, 100_000],
      [2, 128 * 1024],
    ] as const) {
      const made = await madeInTurns(slices, database('a'), patience(), pieces(count, size));
      expect(made.toString()).toBe([...pieces(count, size)].join(''));
    }
  });

  it('keeps letters whole', async () => {
    const text = '🦔'.repeat(100);
    const parts = Array.from({ length: 4_000 }, () => text).values();
    const made = await madeInTurns(new FairAdmission(systemClock, SLICES), database('a'), patience(), parts);
    expect(made.toString()).toBe(text.repeat(4_000));
  });

  it('lets the event loop have its turn in between, and a short answer of another tenant pass', async () => {
    const slices = new FairAdmission(systemClock, SLICES);
    const order: string[] = [];
    const long = Array.from({ length: 5 }, (_, n) =>
      madeInTurns(slices, database('a'), patience(), pieces(40, 64 * 1024)).then(() => order.push(`long ${n}`)),
    );
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const short = madeInTurns(slices, database('b'), patience(), pieces(1, 10)).then(() => order.push('short'));
    await short;
    expect(turns).toBeLessThanOrEqual(4);
    await Promise.all(long);
    counting = false;
    expect(order[0]).toBe('short');
    expect(turns).toBeGreaterThan(90);
  });

  it('ends with the error of a part, or when nobody waits for it any more, and leaves room for others', async () => {
    const slices = new FairAdmission(systemClock, SLICES);
    const failing = pieces(10, 100_000, () => {
      throw new Error('cannot be shown');
    });
    await expect(madeInTurns(slices, database('a'), patience(), failing)).rejects.toThrow('cannot be shown');
    const enough = new AbortController();
    const abandoned = pieces(100, 100_000, () => enough.abort(new Error('gone')));
    await expect(madeInTurns(slices, database('a'), enough.signal, abandoned)).rejects.toMatchObject({
      code: 'overloaded',
    });
    await expect(madeInTurns(slices, database('a'), patience(), pieces(1, 1))).resolves.toHaveLength(1);
  });
});
