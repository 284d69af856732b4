import { randomBytes } from 'node:crypto';

/** The only source of randomness; the simulation injects a seeded one. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1). */
  fraction(): number;
}

/** Short draws come from a supply: a call for each takes longer than most of what needs them. */
const SUPPLY_BYTES = 4_096;
const SHORT_BYTES = 64;
let supply = Buffer.alloc(0);

function drawn(length: number): Uint8Array {
  if (length > SHORT_BYTES) return randomBytes(length);
  if (supply.byteLength < length) supply = randomBytes(SUPPLY_BYTES);
  const bytes = Buffer.from(supply.subarray(0, length));
  // What was given away is nowhere but there.
  supply.fill(0, 0, length);
  supply = supply.subarray(length);
  return bytes;
}

export const systemRandom: Random = {
  bytes: drawn,
  fraction: () => Buffer.from(drawn(6)).readUIntBE(0, 6) / 2 ** 48,
};

/** A deterministic source for tests and simulation (SplitMix32). Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    fraction: () => next() / 2 ** 32,
  };
}
