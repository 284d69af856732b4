/** What a value says about itself, so that every read can be judged by its bytes alone. */
export interface ValueLabel {
  /** Of the database it was written to. */
  readonly database: string;
  readonly key: string;
  /** Number of the write, unique in a run. */
  readonly write: number;
  /** Of a counter: increments so far; 0 for any other key. */
  readonly count: number;
}

const HEADER = /^leasehold-chaos ([\w-]+) ([\w/-]+) (\d+) (\d+) (\d+)\n/;
/** The longest header that the pattern is looked for in. */
const HEADER_BYTES_LIMIT = 256;

/**
 * Header and filler, at least `sizeBytes` long. The filler is drawn from the number of the write and does not compress, so that data
 * takes the room that it says, and every damaged byte shows.
 */
export function encodeValue(label: ValueLabel, sizeBytes: number): Buffer {
  const { database, key, write, count } = label;
  const header = Buffer.from(`leasehold-chaos ${database} ${key} ${write} ${count} ${sizeBytes}\n`);
  return Buffer.concat([header, filler(write, Math.max(0, sizeBytes - header.byteLength))]);
}

/** Undefined for bytes that {@link encodeValue} cannot have written. */
export function decodeValue(bytes: Uint8Array): ValueLabel | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEADER_BYTES_LIMIT)).toString(
    'latin1',
  );
  const [, database = '', key = '', write, count, size] = HEADER.exec(text) ?? [];
  if (size === undefined) return undefined;
  const label = { database, key, write: Number(write), count: Number(count) };
  return encodeValue(label, Number(size)).equals(bytes) ? label : undefined;
}

/** Xorshift32: fast, and no compressor finds a pattern in it. */
function filler(seed: number, sizeBytes: number): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, sizeBytes);
}
