import type { ByteChange, ByteDatabase } from '@leasehold/client';
import { compareBytes } from '@leasehold/foundation';

import type { KeyNotation } from './key-notation.js';
import { keyMember, parseKey, shownKey } from './key-notation.js';
import { keyRange } from './key-range.js';
import type { Output } from './output.js';
import { shownValue, valueMember } from './output.js';

export interface TailOptions {
  readonly keys: KeyNotation;
  readonly prefix?: string;
  readonly since?: string;
}

/** Of a value that is shown to people. */
const SHOWN_CHARS = 100;

/** What is committed, as it is committed; as JSON a commit is one line, with the version to resume from. */
export async function tail(database: ByteDatabase, options: TailOptions, output: Output): Promise<void> {
  const { keys, prefix, since } = options;
  const { start, end } = keyRange({ prefix }, keys);
  const isMeant = (key: Uint8Array) =>
    (start === undefined || compareBytes(start, key) <= 0) && (end === undefined || compareBytes(key, end) < 0);
  const feed = database.changes({ since, prefix: prefix === undefined ? undefined : parseKey(prefix, keys) });
  for await (const { version, changes: all } of feed) {
    const changes = all.filter((change) => change.op === 'deleteRange' || isMeant(change.key));
    if (changes.length === 0) continue;
    if (output.json) {
      await output.line(JSON.stringify({ version, changes: changes.map((change) => asMembers(change, keys)) }));
      continue;
    }
    for (const change of changes) await output.line(`${version}\t${asText(change, keys)}`);
  }
}

function asMembers(change: ByteChange, keys: KeyNotation): Readonly<Record<string, unknown>> {
  const { op } = change;
  if (op === 'deleteRange') {
    const { start, end } = change;
    return {
      op,
      ...keyMember('start', start, keys),
      ...(end === undefined ? { end: null } : keyMember('end', end, keys)),
    };
  }
  const key = keyMember('key', change.key, keys);
  if (op === 'delete') return { op, ...key };
  return { op, ...key, ...valueMember(change.value), expiresAt: change.expiresAt?.toISOString() };
}

function asText(change: ByteChange, keys: KeyNotation): string {
  switch (change.op) {
    case 'put':
      return `put\t${shownKey(change.key, keys)}\t${shownValue(change.value, SHOWN_CHARS)}`;
    case 'delete':
      return `delete\t${shownKey(change.key, keys)}`;
    case 'deleteRange': {
      const end = change.end === undefined ? 'the end' : shownKey(change.end, keys);
      return `delete\tfrom ${shownKey(change.start, keys)} to ${end}`;
    }
  }
}
