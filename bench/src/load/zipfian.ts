import type { Random } from '@leasehold/foundation';

/** YCSB's constant: the hottest of a million keys gets some 7 % of the requests. */
export const ZIPFIAN_CONSTANT = 0.99;

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/**
 * Numbers below `items`, some far more often than others: Gray et al., "Quickly Generating Billion-Record Synthetic Databases"
 * (SIGMOD 1994), as YCSB uses it.
 */
export class Zipfian {
  private readonly zetaN: number;
  private readonly alpha = 1 / (1 - ZIPFIAN_CONSTANT);
  private readonly eta: number;

  constructor(
    private readonly items: number,
    private readonly random: Random,
  ) {
    this.zetaN = zeta(items);
    this.eta = (1 - (2 / items) ** (1 - ZIPFIAN_CONSTANT)) / (1 - zeta(2) / this.zetaN);
  }

  /** 0 is the most frequent. */
  next(): number {
    const u = this.random.fraction();
    const uz = u * this.zetaN;
    if (uz < 1) return 0;
    if (uz < 1 + 0.5 ** ZIPFIAN_CONSTANT) return 1;
    return Math.min(this.items - 1, Math.floor(this.items * (this.eta * u - this.eta + 1) ** this.alpha));
  }
}

/** Zipfian, with the hot ones spread over the whole keyspace by a hash instead of lying side by side. */
export class ScrambledZipfian {
  private readonly ranks: Zipfian;

  constructor(
    private readonly items: number,
    random: Random,
  ) {
    this.ranks = new Zipfian(items, random);
  }

  next(): number {
    return Number(fnv1a64(this.ranks.next()) % BigInt(this.items));
  }
}

function zeta(items: number): number {
  let sum = 0;
  for (let i = 1; i <= items; i++) sum += 1 / i ** ZIPFIAN_CONSTANT;
  return sum;
}

function fnv1a64(value: number): bigint {
  let hash = FNV_OFFSET;
  let left = BigInt(value);
  for (let i = 0; i < 8; i++) {
    hash = BigInt.asUintN(64, (hash ^ (left & 0xffn)) * FNV_PRIME);
    left >>= 8n;
  }
  return hash;
}
