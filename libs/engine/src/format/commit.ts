import { assert, ByteReader, ByteWriter, CorruptBytesError } from '@leasehold/foundation';

import type { Commit, Entry } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';
import { readKey, readKindAndValue, readVersion, writeKey, writeKindAndValue, writeVersion } from './entry-codec.js';
import { openChecked, seal } from './envelope.js';

/*
 * Payload of one frame of the commit log: the commits of one database in one segment (docs/formats/commit.md).
 *
 *     | "LHCM" | format version u16 | commit count varint |
 *     per commit, by ascending sequence:
 *         | epoch varint | sequence varint | entry count varint |
 *         per entry: | key length varint | key | kind u8 | value length varint, value (puts only) |
 *     | crc32 of everything before, u32 |
 *
 * Entries carry no version: all of a commit share one.
 */
const MAGIC = 'LHCM';
const FORMAT_VERSION = 1;

export function encodeCommits(commits: readonly Commit[]): Uint8Array {
  const writer = new ByteWriter();
  return seal(writer, MAGIC, FORMAT_VERSION, () => {
    writer.varint(commits.length);
    let previous = 0;
    for (const { version, entries } of commits) {
      assert(version.sequence > previous, 'commits are in order of their sequence');
      assert(entries.length <= ENGINE_LIMITS.commitEntries, 'commit has more entries than the limit');
      previous = version.sequence;
      writeVersion(writer, version);
      writer.varint(entries.length);
      for (const entry of entries) {
        assert(entry.version.sequence === version.sequence, 'an entry has the version of its commit');
        writeKey(writer, entry.key);
        writeKindAndValue(writer, entry);
      }
    }
  });
}

/** Keys and values are views on `bytes`. @throws CorruptBytesError on anything that {@link encodeCommits} does not write */
export function decodeCommits(bytes: Uint8Array): Commit[] {
  const reader: ByteReader = openChecked(bytes, MAGIC, FORMAT_VERSION);
  const commits: Commit[] = [];
  let previous = 0;
  for (let left = reader.varint(); left > 0; left--) {
    const version = readVersion(reader);
    if (version.sequence <= previous) throw new CorruptBytesError('commits are out of order');
    previous = version.sequence;
    const count = reader.varint();
    if (count > ENGINE_LIMITS.commitEntries) throw new CorruptBytesError(`commit has too many entries: ${count}`);
    const entries: Entry[] = [];
    for (let i = 0; i < count; i++) entries.push({ key: readKey(reader), version, ...readKindAndValue(reader) });
    commits.push({ version, entries });
  }
  reader.expectEnd();
  return commits;
}
