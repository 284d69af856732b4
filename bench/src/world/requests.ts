import { setMaxListeners } from 'node:events';

import type { SessionId, Version } from '@leasehold/foundation';
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

/** One transaction without checks. */
export function putAll(
  { access }: BenchWorker,
  database: DatabaseIdentity,
  entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[],
): Promise<unknown> {
  const ops = entries.map(([key, value]) => ({ op: 'put', key, value }) as const);
  return access.transact(database, { checks: [], ops }, patience());
}

/** As a gateway asks that could not reach the owner: waits for that one's end. */
export function getFrom(
  { access }: BenchWorker,
  database: DatabaseIdentity,
  key: Uint8Array,
  waitForOwner: SessionId,
): Promise<Entry | undefined> {
  return access.get(database, key, { ...NEVER, waitForOwner });
}
