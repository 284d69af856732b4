import type { Report } from './key-record.js';
import type { SumCounts, TallyFloor } from './tally-record.js';
import { addSums, NO_SUMS, numberIn, TallyRecord } from './tally-record.js';

/** Of one database in a run: 16 sums each. Past it a run is too long for what it remembers. */
const TALLIES_LIMIT = 100_000;
const PREFIX = 't/';

/** A read of a tally on its way: what it must show. */
export interface TallyRead {
  readonly key: string;
  readonly floor: TallyFloor;
}

/** A sum on its way: where it is in its tally. */
export interface PlacedSum {
  readonly key: string;
  readonly place: number;
}

/** The tallies of one database, filled one after another. */
export class Tallies {
  private readonly records: TallyRecord[] = [];

  constructor(private readonly report: Report) {}

  /** Every tally that a sum was ever sent to. */
  get keys(): readonly string[] {
    return this.records.map(({ name }) => name);
  }

  get counts(): SumCounts {
    return this.records.map(({ counts }) => counts).reduce(addSums, NO_SUMS);
  }

  begin(write: number): PlacedSum {
    let record = this.records.at(-1);
    if (record === undefined || record.isFull) {
      if (this.records.length >= TALLIES_LIMIT) throw new RangeError('the run is too long for its tallies');
      record = new TallyRecord(`${PREFIX}${this.records.length}`, this.report);
      this.records.push(record);
    }
    return { key: record.name, place: record.begin(write) };
  }

  acknowledge({ key, place }: PlacedSum): void {
    this.of(key).acknowledge(place);
  }

  lose({ key, place }: PlacedSum): void {
    this.of(key).lose(place);
  }

  reject({ key, place }: PlacedSum, answer: string): void {
    this.of(key).reject(place, answer);
  }

  beginRead(key: string): TallyRead {
    return { key, floor: this.of(key).floor };
  }

  endRead({ key, floor }: TallyRead, bytes: Uint8Array | 'absent', ifMissing: 'stale' | 'lost'): void {
    const number = bytes === 'absent' ? 0n : numberIn(bytes);
    if (number === undefined) this.report('damaged', key, `${bytes.length} bytes that are no number`);
    else this.of(key).read(floor, number, ifMissing);
  }

  private of(key: string): TallyRecord {
    return this.records[Number(key.slice(PREFIX.length))] as TallyRecord;
  }
}
