import { fromBase64, textOfUtf8, toBase64Url } from './bytes.js';
import type { ByteRange } from './key-range.js';
import { keyBytes } from './key-range.js';
import type { Committed, LifetimeOptions, Page, Version } from './options.js';
import { isVersion, wireTime } from './options.js';
import type { Answer } from './transport.js';

export const JSON_HEADERS = { 'content-type': 'application/json' };

/** A key with its value. */
export interface ByteEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Of the commit that wrote it. */
  readonly version: Version;
  /** When the key ends by itself. Only of an entry that was read by itself; left out where it stays. */
  readonly expiresAt?: Date;
}

/** What `POST reads` answers, with `encoding=base64`. */
export interface WireSnapshot {
  readonly version: Version;
  readonly gets: readonly ({ readonly value: string; readonly version: Version } | null)[];
  readonly lists: readonly WirePage[];
}

export interface WirePage {
  readonly entries: readonly { readonly key: string; readonly value: string; readonly version: Version }[];
  readonly cursor: string | null;
}

/** @throws where it is none */
export function jsonOf<T>({ body }: Answer): T {
  const parsed: unknown = JSON.parse(textOfUtf8(body));
  if (typeof parsed !== 'object' || parsed === null) throw new TypeError('not an object');
  return parsed as T;
}

/** @throws where it tells no version */
export function committedOf(answer: Answer): Committed {
  return { version: versionOf(jsonOf<Committed>(answer).version) };
}

/** @throws where it is none */
export function versionOf(text: unknown): Version {
  if (isVersion(text)) return text;
  throw new TypeError('not a version');
}

export function pageOfWire({ entries, cursor }: WirePage, version: Version): Page<ByteEntry> {
  const decoded = entries.map(({ key, value, version }) => ({
    key: fromBase64(key),
    value: fromBase64(value),
    version,
  }));
  return { entries: decoded, cursor, version };
}

/** Members that are undefined do not appear in JSON. */
export function wireList(range: ByteRange, list: { limit?: number; reverse?: boolean; cursor?: string }) {
  const bound = (key: Uint8Array | string | undefined) => (key === undefined ? undefined : toBase64Url(keyBytes(key)));
  const { limit, reverse, cursor } = list;
  const bounds = { prefix64: bound(range.prefix), start64: bound(range.start), end64: bound(range.end) };
  return { ...bounds, limit, reverse, cursor };
}

export function wireLifetime({ ttlSeconds, expiresAt }: LifetimeOptions = {}) {
  return { ttlSeconds, expiresAt: expiresAt && wireTime(expiresAt) };
}
