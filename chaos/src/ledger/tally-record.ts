import type { Report } from './key-record.js';

/** Sums of one tally; each has 4 of the 64 bits of the number, and so room for being applied 15 times. */
export const PLACES_PER_TALLY = 16;
const PLACE_BITS = 4n;
const MOST_TIMES = (1n << PLACE_BITS) - 1n;
const NUMBER_BYTES = 8;

/** Sums of a run, by what became of them; `applied` of those that nobody was told of. */
export interface SumCounts {
  readonly asked: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly applied: number;
}

export const NO_SUMS: SumCounts = { asked: 0, acknowledged: 0, unknown: 0, applied: 0 };

export function addSums(a: SumCounts, b: SumCounts): SumCounts {
  return {
    asked: a.asked + b.asked,
    acknowledged: a.acknowledged + b.acknowledged,
    unknown: a.unknown + b.unknown,
    applied: a.applied + b.applied,
  };
}

/** What is known of one sum. `open`: its answer is awaited. */
interface Sum {
  readonly write: number;
  state: 'open' | 'acknowledged' | 'unknown' | 'rejected';
  /** What its sender was told. */
  answer: string;
  /** A read has shown it. */
  isSeen: boolean;
}

/** Places that a read must show: those acknowledged, or shown to others, before it was sent. */
export type TallyFloor = ReadonlySet<number>;

/**
 * What is known of one tally: a counter that nothing changes but sums, each of which adds 16 to the power of its place.
 *
 *     | 4 bits of the sum at place 15 | … | 4 bits of the sum at place 0 |
 *
 * So whatever number is read says which sums were applied, and how often: each at most once, those that were acknowledged exactly once, and those that nobody was told
 * of once or not at all.
 */
export class TallyRecord {
  private readonly sums: Sum[] = [];

  constructor(
    readonly name: string,
    private readonly report: Report,
  ) {}

  get isFull(): boolean {
    return this.sums.length === PLACES_PER_TALLY;
  }

  get floor(): TallyFloor {
    return new Set(
      this.sums.flatMap(({ state, isSeen }, place) => (state === 'acknowledged' || isSeen ? [place] : [])),
    );
  }

  get counts(): SumCounts {
    const acknowledged = this.sums.filter(({ state }) => state === 'acknowledged');
    const unknown = this.sums.filter(({ state }) => state === 'unknown');
    const applied = unknown.filter(({ isSeen }) => isSeen);
    return {
      asked: this.sums.length,
      acknowledged: acknowledged.length,
      unknown: unknown.length,
      applied: applied.length,
    };
  }

  /** @returns its place */
  begin(write: number): number {
    if (this.isFull) throw new RangeError(`tally ${this.name} is full`);
    return this.sums.push({ write, state: 'open', answer: '', isSeen: false }) - 1;
  }

  acknowledge(place: number): void {
    this.at(place).state = 'acknowledged';
  }

  /** Whether it was applied, or will be, nobody says. */
  lose(place: number): void {
    this.at(place).state = 'unknown';
  }

  /** It was not applied, says the answer. */
  reject(place: number, answer: string): void {
    const sum = this.at(place);
    sum.state = 'rejected';
    sum.answer = answer;
    if (sum.isSeen) this.report('phantom', this.name, `sum ${sum.write} was read and then refused (${answer})`);
  }

  /** @param ifMissing what it is when a sum is not there that must be */
  read(floor: TallyFloor, number: bigint, ifMissing: 'stale' | 'lost'): void {
    for (let place = 0; place < PLACES_PER_TALLY; place++) {
      const times = timesAt(place, number);
      const sum = this.sums[place];
      if (times > 0) this.show(place, times, sum);
      else if (floor.has(place)) {
        this.report(ifMissing, this.name, `without sum ${sum?.write} at place ${place}, which had been there`);
      }
    }
  }

  private show(place: number, times: number, sum: Sum | undefined): void {
    if (sum === undefined) {
      this.report('phantom', this.name, `a sum at place ${place} is none that was sent`);
      return;
    }
    const { write, state, answer, isSeen } = sum;
    if (times > 1) this.report('doubled', this.name, `sum ${write} (${state}) was applied ${times} times`);
    if (state === 'rejected' && !isSeen) {
      this.report('phantom', this.name, `sum ${write} was refused (${answer}) and is at place ${place}`);
    }
    sum.isSeen = true;
  }

  private at(place: number): Sum {
    return this.sums[place] as Sum;
  }
}

/** What the sum at a place adds. */
export function operandAt(place: number): bigint {
  return 1n << (PLACE_BITS * BigInt(place));
}

/** A number as counters store it, least byte first; undefined for other bytes. */
export function numberIn(bytes: Uint8Array): bigint | undefined {
  if (bytes.byteLength !== NUMBER_BYTES) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, NUMBER_BYTES).getBigUint64(0, true);
}

function timesAt(place: number, number: bigint): number {
  return Number((number >> (PLACE_BITS * BigInt(place))) & MOST_TIMES);
}
