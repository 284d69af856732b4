import { setMaxListeners } from 'node:events';

import type { Version } from '@leasehold/foundation';
import type { DatabaseIdentity, Entry, ScanPage } from '@leasehold/engine';

import type { BenchWorker } from '../bench-worker.js';

/** Of reads, which mostly wait for nothing. */
const NEVER = { signal: new AbortController().signal };
setMaxListeners(0, NEVER.signal);

/** A signal of its own for each write, as a server has it; none of these ever aborts. */
function patience(): { readonly signal: AbortSignal } {
  return { signal: new AbortController().signal };
}

export function put(
  { access }: BenchWorker,
  database: DatabaseIdentity,
  key: Uint8Array,
  value: Uint8Array,
): Promise<Version> {
  return access.write(database, { key, value, precondition: { kind: 'none' } }, patience());
}

export function get(worker: BenchWorker, database: DatabaseIdentity, key: Uint8Array): Promise<Entry | undefined> {
  return worker.access.get(database, key, NEVER);
}

/** Entries from `start` on; a page may hold fewer than `limit`. */
export function scan(
  { access }: BenchWorker,
  database: DatabaseIdentity,
  start: Uint8Array,
  limit: number,
): Promise<ScanPage> {
  return access.scan(database, { start, end: undefined, limit }, NEVER);
}

/** Several writes of one caller. They may share a segment, but are not one transaction. */
export function putAll(
  worker: BenchWorker,
  database: DatabaseIdentity,
  entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[],
): Promise<unknown> {
  return Promise.all(entries.map(([key, value]) => put(worker, database, key, value)));
}
