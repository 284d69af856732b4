import { ByteReader, ByteWriter, CorruptBytesError } from '@leasehold/foundation';

import { verifyChecksum } from './envelope.js';

/*
 * Bloom filter over the keys of one file: "certainly not here" for about 99 of 100 absent keys.
 *
 *     | hash id u8: 1 | probes u8 | bits | crc32 of everything before, u32 |
 *
 * Bit number n is bit n % 8 (lowest first) of byte n / 8 of `bits`. Probe i of a key looks at (h1 + i × h2) mod 2^32 mod
 * the number of bits (Kirsch & Mitzenmacher 2006: two hashes suffice).
 */
const HASH_ID = 1;
const HEADER_BYTES = 2;
const CHECKSUM_BYTES = 4;

/** 10 bits and 7 probes per key: the rate of false positives is 0.8 %. */
const BITS_PER_KEY = 10;
const PROBES = 7;
const MAX_PROBES = 30;

export interface KeyHash {
  readonly h1: number;
  readonly h2: number;
}

/**
 * Hash 1, part of the format: two multiplicative 32-bit hashes over the bytes, each finished by a mixer so that every bit of the key
 * reaches every bit of the hash. Not for adversaries: a tenant who forges collisions only slows his own absent keys.
 */
export function hashKey(key: Uint8Array): KeyHash {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9 ^ key.byteLength;
  for (const byte of key) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul((b << 7) ^ (b >>> 25) ^ byte, 0x85ebca77);
  }
  // An odd step visits different bits even when the number of bits is a power of two.
  return { h1: mix(a), h2: (mix(b) | 1) >>> 0 };
}

function mix(hash: number): number {
  let z = hash >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** Collects the keys of a file, 8 bytes each. Adding a key again at once (its older versions) is free. */
export class FilterBuilder {
  private readonly h1s: number[] = [];
  private readonly h2s: number[] = [];

  add(key: Uint8Array): void {
    const { h1, h2 } = hashKey(key);
    const last = this.h1s.length - 1;
    if (this.h1s[last] === h1 && this.h2s[last] === h2) return;
    this.h1s.push(h1);
    this.h2s.push(h2);
  }

  finish(): Uint8Array {
    const bits = new Uint8Array(Math.max(8, Math.ceil((this.h1s.length * BITS_PER_KEY) / 8)));
    const bitCount = bits.byteLength * 8;
    for (let i = 0; i < this.h1s.length; i++) {
      const h1 = this.h1s[i] as number;
      const h2 = this.h2s[i] as number;
      for (let probe = 0; probe < PROBES; probe++) {
        const bit = probeBit(h1, h2, probe, bitCount);
        bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
      }
    }
    return new ByteWriter().u8(HASH_ID).u8(PROBES).raw(bits).crc32Since(0).toBytes();
  }
}

export class Filter {
  private constructor(
    private readonly bits: Uint8Array,
    private readonly probes: number,
  ) {}

  /** @throws CorruptBytesError */
  static parse(bytes: Uint8Array): Filter {
    if (bytes.byteLength <= HEADER_BYTES + CHECKSUM_BYTES) throw new CorruptBytesError('filter is cut short');
    const reader = new ByteReader(verifyChecksum(bytes));
    const hashId = reader.u8();
    if (hashId !== HASH_ID) throw new CorruptBytesError(`filter has a hash that is not known: ${hashId}`);
    const probes = reader.u8();
    if (probes < 1 || probes > MAX_PROBES) throw new CorruptBytesError(`filter has an odd number of probes: ${probes}`);
    return new Filter(reader.raw(reader.remaining), probes);
  }

  get sizeBytes(): number {
    return this.bits.byteLength;
  }

  /** With bits of its own, which keep nothing else in memory. */
  copy(): Filter {
    return new Filter(Uint8Array.from(this.bits), this.probes);
  }

  /** False: no version of the key is in the file. True: there may be one. */
  mayContain({ h1, h2 }: KeyHash): boolean {
    const bitCount = this.bits.byteLength * 8;
    for (let probe = 0; probe < this.probes; probe++) {
      const bit = probeBit(h1, h2, probe, bitCount);
      if (((this.bits[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

function probeBit(h1: number, h2: number, probe: number, bitCount: number): number {
  return ((h1 + Math.imul(probe, h2)) >>> 0) % bitCount;
}
