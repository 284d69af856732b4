import { compareBytes, concatBytes } from '@leasehold/foundation';

/** So many bytes after the common prefix are compared as one number: what a double holds exactly. */
const NUMBER_BYTES = 6;

/** Objects and headers beside the arrays' bytes. */
const OVERHEAD_BYTES = 600;

/**
 * Binary search over keys in ascending order (equal ones allowed), without an object for each and without allocating for a search: what all
 * keys begin with is compared once, the next six bytes as a number, and whole keys only where those are equal.
 */
export class KeySearch {
  private constructor(
    private readonly bytes: Uint8Array,
    /** One more than there are keys. */
    private readonly starts: Uint32Array,
    private readonly numbers: Float64Array,
    private readonly prefixLength: number,
  ) {}

  /** Copies the keys. Undefined when they are not in order. */
  static of(keys: readonly Uint8Array[]): KeySearch | undefined {
    const starts = new Uint32Array(keys.length + 1);
    for (let i = 0; i < keys.length; i++) starts[i + 1] = (starts[i] as number) + (keys[i] as Uint8Array).byteLength;
    // An array of its own: out of a pool it would keep its neighbours in memory.
    const bytes = Uint8Array.from(concatBytes(...keys));
    for (let i = 1; i < keys.length; i++)
      if (compareBytes(keys[i - 1] as Uint8Array, keys[i] as Uint8Array) > 0) return undefined;
    const first = keys[0];
    const last = keys[keys.length - 1];
    const prefixLength = first === undefined || last === undefined ? 0 : commonLength(first, last);
    const numbers = Float64Array.from(keys, (key) => numberAt(key, prefixLength, key.byteLength));
    return new KeySearch(bytes, starts, numbers, prefixLength);
  }

  get count(): number {
    return this.numbers.length;
  }

  get sizeBytes(): number {
    return this.bytes.byteLength + this.starts.byteLength + this.numbers.byteLength + OVERHEAD_BYTES;
  }

  /** The first key not below `key`; {@link count} when there is none. */
  firstAtOrAfter(key: Uint8Array): number {
    const { bytes, numbers, prefixLength } = this;
    const count = numbers.length;
    if (count === 0) return 0;
    // Every key begins as the first one does.
    const most = Math.min(prefixLength, key.byteLength);
    for (let i = 0; i < most; i++) {
      const order = (key[i] as number) - (bytes[i] as number);
      if (order !== 0) return order < 0 ? 0 : count;
    }
    if (key.byteLength < prefixLength) return 0;
    const wanted = numberAt(key, prefixLength, key.byteLength);
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const number = numbers[middle] as number;
      if (number < wanted || (number === wanted && this.isBelow(middle, key))) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  equals(index: number, key: Uint8Array): boolean {
    const start = this.starts[index] as number;
    if ((this.starts[index + 1] as number) - start !== key.byteLength) return false;
    for (let i = key.byteLength - 1; i >= 0; i--) if (this.bytes[start + i] !== key[i]) return false;
    return true;
  }

  private isBelow(index: number, key: Uint8Array): boolean {
    const { bytes } = this;
    const start = this.starts[index] as number;
    const length = (this.starts[index + 1] as number) - start;
    const most = Math.min(length, key.byteLength);
    for (let i = this.prefixLength; i < most; i++) {
      const order = (bytes[start + i] as number) - (key[i] as number);
      if (order !== 0) return order < 0;
    }
    return length < key.byteLength;
  }
}

/** The bytes from `at` on as a number that orders as they do; past the end they count as 0, so equal numbers need a closer look. */
function numberAt(key: Uint8Array, at: number, end: number): number {
  let number = 0;
  for (let i = at; i < at + NUMBER_BYTES; i++) number = number * 0x100 + (i < end ? (key[i] as number) : 0);
  return number;
}

function commonLength(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.byteLength, b.byteLength);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
