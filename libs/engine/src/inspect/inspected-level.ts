import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';

/**
 * Where a head names a file:
 * - `l0`: newest first, may overlap
 * - `l1`: one sorted run, by key
 * - `merged`, `versions`: kept for the feed and reads of the past, by ascending commits
 * - `idempotency`: older records of what was answered, newest first
 */
export const LEVEL_NAMES = ['l0', 'l1', 'merged', 'versions', 'idempotency'] as const;

export type LevelName = (typeof LEVEL_NAMES)[number];

/** All files of a head in one place of it, and some of them one by one. */
export interface InspectedLevel {
  readonly name: LevelName;
  readonly files: number;
  readonly sizeBytes: number;
  readonly entries: number;
  /** The first of them, in the level's order. */
  readonly first: readonly InspectedFile[];
}

export interface InspectedFile {
  readonly ref: SstRef;
  /**
   * Where its first and its last key stand in the order of all such keys of the files that are told: files share keys where these ranges touch.
   * The keys themselves are the tenant's. Undefined where the file is by something else than keys.
   */
  readonly keys: { readonly from: number; readonly to: number } | undefined;
  /** Of a file of L0: the files of L1 into whose keys it reaches, which a merge reads with it. */
  readonly overlaps: number | undefined;
  /** Of a file of L1: about which share of its entries a rewrite drops, 0 … 1. */
  readonly garbageShare: number | undefined;
}

export function refsOf(head: Head, level: LevelName): readonly SstRef[] {
  switch (level) {
    case 'l0':
      return head.l0;
    case 'l1':
      return head.l1;
    case 'idempotency':
      return head.idempotency.files;
    case 'merged':
    case 'versions':
      return head.history.filter(({ role }) => role === level).map(({ ref }) => ref);
  }
}
