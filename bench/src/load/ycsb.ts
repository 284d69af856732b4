import type { Random } from '@leasehold/foundation';

import { ScrambledZipfian, Zipfian } from './zipfian.js';

/** YCSB's core workloads. */
export const YCSB_WORKLOADS = ['A', 'B', 'C', 'D', 'E', 'F'] as const;
export type YcsbWorkload = (typeof YCSB_WORKLOADS)[number];

export type YcsbOperation =
  | { readonly kind: 'read' | 'update' | 'insert' | 'read-modify-write'; readonly record: number }
  | { readonly kind: 'scan'; readonly record: number; readonly entries: number };

/** Records are 1 KiB, as in YCSB (ten fields of 100 bytes), here as one value. */
export const YCSB_RECORD_BYTES = 1_024;
const MAX_SCAN_ENTRIES = 100;

interface Mix {
  readonly shares: readonly (readonly [kind: YcsbOperation['kind'], share: number])[];
  /** Which records: `zipfian` over all, scrambled, or the `latest` inserted most. */
  readonly choice: 'zipfian' | 'latest';
}

const MIXES: Readonly<Record<YcsbWorkload, Mix>> = {
  A: {
    shares: [
      ['read', 0.5],
      ['update', 0.5],
    ],
    choice: 'zipfian',
  },
  B: {
    shares: [
      ['read', 0.95],
      ['update', 0.05],
    ],
    choice: 'zipfian',
  },
  C: { shares: [['read', 1]], choice: 'zipfian' },
  D: {
    shares: [
      ['read', 0.95],
      ['insert', 0.05],
    ],
    choice: 'latest',
  },
  E: {
    shares: [
      ['scan', 0.95],
      ['insert', 0.05],
    ],
    choice: 'zipfian',
  },
  F: {
    shares: [
      ['read', 0.5],
      ['read-modify-write', 0.5],
    ],
    choice: 'zipfian',
  },
};

/** Bigint arithmetic in the middle of a measurement would be measured too: choices are drawn before. */
const CHOICES = 65_536;

/** The operations of one workload, the same for the same seed. */
export class YcsbOperations {
  private readonly choices: Uint32Array;
  private drawn = 0;
  private inserted = 0;

  constructor(
    private readonly workload: YcsbWorkload,
    private readonly records: number,
    private readonly random: Random,
  ) {
    const source =
      MIXES[workload].choice === 'latest' ? new Zipfian(records, random) : new ScrambledZipfian(records, random);
    this.choices = Uint32Array.from({ length: CHOICES }, () => source.next());
  }

  next(): YcsbOperation {
    const kind = this.kind();
    if (kind === 'insert') return { kind, record: this.records + this.inserted++ };
    const choice = this.choices[this.drawn++ % CHOICES] as number;
    const newest = this.records + this.inserted - 1;
    const record = MIXES[this.workload].choice === 'latest' ? newest - choice : choice;
    if (kind !== 'scan') return { kind, record };
    return { kind, record, entries: 1 + Math.floor(this.random.fraction() * MAX_SCAN_ENTRIES) };
  }

  private kind(): YcsbOperation['kind'] {
    let left = this.random.fraction();
    const { shares } = MIXES[this.workload];
    for (const [kind, share] of shares) if ((left -= share) < 0) return kind;
    return (shares.at(-1) as Mix['shares'][number])[0];
  }
}
