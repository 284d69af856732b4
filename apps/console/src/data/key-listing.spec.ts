import { describe, expect, it } from '@jest/globals';
import type { Database } from '@leasehold/client';

import { utf8 } from './bytes.js';
import { KeyListing } from './key-listing.js';

const PAGE = 500;
const VERSION = '00000001000000000007';

interface Asked {
  readonly cursor: string | undefined;
  readonly at: unknown;
  readonly limit: number;
  readonly start?: unknown;
  readonly end?: unknown;
}

/** Of so many keys `0`, `1`, …; what was asked is kept, and the next calls fail so often. */
class FakeDatabase {
  readonly asked: Asked[] = [];
  failures = 0;

  constructor(private readonly total: number) {}

  get database(): Database {
    return { bytes: { page: (asked: Asked) => this.page(asked) } } as unknown as Database;
  }

  private async page({ cursor, at, limit, start, end }: Asked) {
    this.asked.push({ cursor, at, limit, ...(start ? { start, end } : {}) });
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('no worker');
    }
    const from = Number(cursor ?? 0);
    const entries = Array.from({ length: Math.min(limit, this.total - from) }, (_, index) => ({
      ...{ key: utf8(String(from + index)), value: utf8('v'), version: VERSION },
    }));
    return { entries, cursor: from + limit < this.total ? String(from + limit) : null, version: VERSION };
  }
}

/** Until nothing is read any more. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a listing of keys', () => {
  it('reads what is looked at, all of it as of the first page', async () => {
    const fake = new FakeDatabase(1_200);
    const listing = new KeyListing(fake.database, {}, undefined, 0);
    listing.look(0, 20);
    await settled();
    expect(fake.asked).toEqual([{ cursor: undefined, at: undefined, limit: PAGE }]);
    listing.look(490, 1_010);
    await settled();
    expect(fake.asked.slice(1)).toEqual([
      { cursor: '500', at: VERSION, limit: PAGE },
      { cursor: '1000', at: VERSION, limit: PAGE },
    ]);
    expect(listing.snapshot().window.isWhole).toBe(true);
    expect(listing.entryAt(1_199)?.entry.key).toEqual(utf8('1199'));
    expect(listing.entryAt(1_200)).toBeUndefined();
  });

  it('asks for the same range on every page', async () => {
    const fake = new FakeDatabase(1_200);
    const range = { start: utf8('1'), end: utf8('2') };
    const listing = new KeyListing(fake.database, range, undefined, 0);
    listing.look(0, 1_010);
    await settled();
    expect(fake.asked).toMatchObject([range, range, range]);
  });

  it('shows at once what was written and deleted from here', async () => {
    const listing = new KeyListing(new FakeDatabase(3).database, {}, undefined, 0);
    listing.look(0, 2);
    await settled();
    let told = 0;
    listing.subscribe(() => (told += 1));
    const mine = { key: utf8('1'), value: utf8('mine'), version: VERSION };
    listing.note(mine.key, mine);
    listing.note(utf8('2'), null);
    expect([listing.entryAt(1), listing.entryAt(2)?.isDeleted, told]).toEqual([
      { entry: mine, isDeleted: false },
      true,
      2,
    ]);
  });

  it('says what went wrong, asks no more by itself, and goes on when it is told to', async () => {
    const fake = new FakeDatabase(3);
    fake.failures = 1;
    const listing = new KeyListing(fake.database, {}, undefined, 0);
    listing.look(0, 2);
    await settled();
    listing.look(0, 3);
    await settled();
    expect([listing.snapshot().error?.message, fake.asked.length]).toEqual(['no worker', 1]);
    listing.retry();
    await settled();
    expect([listing.snapshot().error, listing.snapshot().window.knownRows]).toEqual([undefined, 3]);
  });
});
