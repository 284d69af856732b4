import { utf8 } from '@leasehold/foundation';
import type { Db } from '@slatedb/uniffi';

import { cpuMs, settledMemory } from '../child/memory.js';
import { serve } from '../child/serve.js';
import type { SlateDbSettings } from './slatedb.js';
import { openSlateDb } from './slatedb.js';

/** SlateDB in a process of its own: its threads, its memory and its environment are its own. */
const open = new Map<string, Db>();

const handlers = {
  /** @returns ms until the first answer after an open */
  openAnd: async ({ path, first, settings }: { path: string; first: 'get' | 'put'; settings?: SlateDbSettings }) => {
    // The native library takes time to load once; it is no part of an open.
    await import('@slatedb/uniffi');
    const startedAt = performance.now();
    const db = await openSlateDb(path, settings);
    await (first === 'get' ? db.get(utf8('k7')) : db.put(utf8('k7'), utf8('value')));
    const elapsedMs = performance.now() - startedAt;
    open.set(path, db);
    return elapsedMs;
  },
  fill: async ({ path, keys, valueBytes }: { path: string; keys: number; valueBytes: number }) => {
    const db = database(path);
    const value = new Uint8Array(valueBytes).fill(0x61);
    await Promise.all(Array.from({ length: keys }, (_, n) => db.put(utf8(`k${n}`), value)));
    await db.flush_with_options({ flush_type: 'MemTable' });
  },
  timed: async ({ path, what }: { path: string; what: 'get' | 'put' }) => {
    const startedAt = performance.now();
    await (what === 'get' ? database(path).get(utf8('k7')) : database(path).put(utf8('k7'), utf8('value')));
    return performance.now() - startedAt;
  },
  /** A write of each every so often, durable. @returns how many */
  trickle: async ({ paths, everyMs, durationMs }: { paths: string[]; everyMs: number; durationMs: number }) => {
    const value = new Uint8Array(100).fill(0x61);
    let writes = 0;
    await Promise.all(
      paths.map(async (path, index) => {
        await new Promise((resolve) => setTimeout(resolve, (index * everyMs) / paths.length));
        for (const endsAt = performance.now() + durationMs; performance.now() < endsAt;) {
          const dueAt = performance.now() + everyMs;
          await database(path).put(utf8(`k${writes++ % 50}`), value);
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - performance.now())));
        }
      }),
    );
    return writes;
  },
  close: async ({ path }: { path: string }) => {
    await database(path).shutdown();
    open.delete(path);
  },
  memory: async () => ({ ...(await settledMemory()), cpuMs: cpuMs() }),
};

function database(path: string): Db {
  const db = open.get(path);
  if (db === undefined) throw new Error('not open');
  return db;
}

serve(handlers);
