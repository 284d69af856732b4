import type { ByteDatabase } from '@leasehold/client';

import type { KeyNotation } from './key-notation.js';
import { keyMember, shownKey } from './key-notation.js';
import { keyRange } from './key-range.js';
import type { Output } from './output.js';
import { shownValue, valueMember } from './output.js';
import { pointInTime } from './values.js';

export interface ListOptions {
  readonly keys: KeyNotation;
  readonly prefix?: string;
  readonly start?: string;
  readonly end?: string;
  readonly reverse: boolean;
  /** By default everything. */
  readonly limit?: number;
  readonly at?: string;
}

/** Of a value that is shown to people. */
const SHOWN_CHARS = 100;
const PAGE_ENTRIES = 1_000;

/** Keys in order with their values, all of one state. */
export async function list(database: ByteDatabase, options: ListOptions, output: Output): Promise<void> {
  const { keys, reverse, limit, at } = options;
  const entries = database.list({
    ...keyRange(options, keys),
    reverse,
    limit,
    at: at === undefined ? undefined : pointInTime(at),
    pageSize: Math.min(limit ?? PAGE_ENTRIES, PAGE_ENTRIES),
  });
  for await (const { key, value, version } of entries) {
    await output.line(
      output.json
        ? JSON.stringify({ ...keyMember('key', key, keys), ...valueMember(value), version })
        : `${shownKey(key, keys)}\t${shownValue(value, SHOWN_CHARS)}`,
    );
  }
}
