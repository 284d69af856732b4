import type { Db } from '@slatedb/uniffi';

import type { SlateDbSettings } from '../peer/slatedb.js';
import { openSlateDb } from '../peer/slatedb.js';
import type { KeyValueSystem, SystemSettings } from './key-value-system.js';

/** Entries of one call while loading. */
const LOAD_BATCH = 500;
/** When its files have not changed for so long, its compactor has nothing more to do. */
const QUIET_MS = 1_500;
const LOOK_MS = 250;

/** The peer, in process through its binding. Compacts on threads of its own. */
export class SlateDbSystem implements KeyValueSystem {
  private constructor(private readonly db: Db) {}

  static async open({ number }: SystemSettings, settings: SlateDbSettings = {}): Promise<SlateDbSystem> {
    return new SlateDbSystem(await openSlateDb(`db-${number}`, settings));
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.db.get(key);
  }

  put(key: Uint8Array, value: Uint8Array): Promise<unknown> {
    return this.db.put(key, value);
  }

  async putAll(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Promise<unknown> {
    const { WriteBatch } = await import('@slatedb/uniffi');
    const batch = new WriteBatch();
    for (const [key, value] of entries) batch.put(key, value);
    return this.db.write(batch);
  }

  async scan(start: Uint8Array, entries: number): Promise<number> {
    const iterator = await this.db.scan({
      start,
      start_inclusive: true,
      end: undefined,
      end_inclusive: false,
    });
    let found = 0;
    while (found < entries && (await iterator.next()) !== undefined) found++;
    iterator.dispose();
    return found;
  }

  async load(count: number, record: (number: number) => readonly [Uint8Array, Uint8Array]): Promise<void> {
    const { WriteBatch } = await import('@slatedb/uniffi');
    for (let next = 0; next < count;) {
      const batch = new WriteBatch();
      for (let n = 0; n < LOAD_BATCH && next < count; n++) batch.put(...record(next++));
      await this.db.write_with_options(batch, { await_durable: false });
    }
  }

  async settle(): Promise<void> {
    await this.db.flush_with_options({ flush_type: 'MemTable' });
    const threads = (): number => process.cpuUsage().user + process.cpuUsage().system;
    // Busy while it compacts: quiet means that less than a tenth of a core is used.
    for (let quietMs = 0; quietMs < QUIET_MS; quietMs += LOOK_MS) {
      const before = threads();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (threads() - before > (LOOK_MS * 1_000) / 10) quietMs = 0;
    }
  }

  async close(): Promise<void> {
    await this.db.shutdown();
  }
}
