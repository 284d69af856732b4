import type { ListedEntry } from '../list-page.js';
import { ProblemError } from '../problem.js';
import { KV_LIMITS } from './kv-limits.js';
import { bytesField, bytesTag, protoWriter, readFields, readMessage, varintTag } from './proto-fields.js';
import { writeEntry } from './snapshot-read.js';

const SUCCESS = 1;
const NO_BYTES = new Uint8Array(0);
const LENGTH_BYTES = 4;

/**
 * The message `Watch`: `{ repeated WatchKey keys = 1 }`, a key being `{ bytes key = 1 }`.
 * @throws ProblemError invalid-body, too-many-operations, invalid-key, key-too-long
 */
export function decodeWatch(body: Uint8Array): readonly Uint8Array[] {
  const keys: Uint8Array[] = [];
  const add = (bytes: Uint8Array): void => {
    let key: Uint8Array = NO_BYTES;
    readFields(bytes, { 1: bytesField((read) => (key = read)) });
    if (keys.length === KV_LIMITS.watchedKeys) {
      throw new ProblemError(
        'too-many-operations',
        `Too many keys: at most ${KV_LIMITS.watchedKeys} can be watched at once.`,
      );
    }
    if (key.byteLength === 0) throw new ProblemError('invalid-key', 'A key is empty.');
    if (key.byteLength > KV_LIMITS.keyBytes)
      throw new ProblemError('key-too-long', 'A key exceeds the key size limit.');
    keys.push(key);
  };
  readMessage('Watch', () => readFields(body, { 1: bytesField(add) }));
  if (keys.length === 0) throw new ProblemError('invalid-body', 'There is no key to watch.');
  return keys;
}

/**
 * One message of the stream, by the positions of the keys (undefined: there is none): its length (four bytes, least byte first) and `WatchOutput`,
 * `{ SnapshotReadStatus status = 1, repeated WatchKeyOutput keys = 2 }`, a key being `{ bool changed = 1, KvEntry entry_if_changed = 2 }`.
 *
 * Every key is told as changed, also one that is as it was: Deno's own client takes a key that is told as unchanged for one that is gone (seen with 2.9), and
 * clients tell by the versionstamp what is new.
 */
export function encodeWatchMessage(keys: readonly (ListedEntry | undefined)[]): Uint8Array {
  const writer = protoWriter().uint32(varintTag(1)).int32(SUCCESS);
  for (const entry of keys) {
    writer.uint32(bytesTag(2)).fork().uint32(varintTag(1)).bool(true);
    if (entry !== undefined) writeEntry(writer.uint32(bytesTag(2)).fork(), entry).ldelim();
    writer.ldelim();
  }
  const message = writer.finish();
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(message.byteLength);
  return Buffer.concat([length, message]);
}

/** A message of no bytes: nobody sees it, and the connection is not silent. */
export const WATCH_HEARTBEAT: Uint8Array = new Uint8Array(LENGTH_BYTES);
