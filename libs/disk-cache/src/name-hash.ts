import type { NameHash } from './slot-table.js';

/** Odd constants with well-mixed bits; the two halves differ in seed and multiplier. */
const HIGH = { seed: 0x9e3779b9, multiplier: 0x85ebca6b };
const LOW = { seed: 0x7f4a7c15, multiplier: 0xc2b2ae35 };

/**
 * 64 bits of a name, of no cryptographic strength: names come from the bucket's layout, and the name that stands in the
 * record decides.
 */
export function hashName(name: string): NameHash {
  let high = HIGH.seed;
  let low = LOW.seed;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    high = Math.imul(high ^ unit, HIGH.multiplier);
    high ^= high >>> 15;
    low = Math.imul(low ^ unit, LOW.multiplier);
    low ^= low >>> 13;
  }
  return { high: mixed(high), low: mixed(low) };
}

function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  return (once ^ (once >>> 15)) >>> 0;
}
