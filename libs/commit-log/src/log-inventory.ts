/** How many numbers a session may be ahead of its oldest unconfirmed segment (S4), and so how many a sealer must fill. */
export const WINDOW_SEGMENTS = 64;

export type SegmentKind = 'data' | 'seal';

/**
 * What a sealer knows of a log: which numbers from the floor on exist, and as what. Objects of a log are created once
 * and never changed, so knowledge only grows. Every decision of closing (S3) is made here, without I/O.
 */
export class LogInventory {
  private readonly known = new Map<number, SegmentKind>();
  private readonly sizes = new Map<number, number>();

  constructor(readonly floor: number) {}

  add(number: number, kind: SegmentKind, sizeBytes = 0): void {
    if (number < this.floor) return;
    this.known.set(number, kind);
    this.sizes.set(number, sizeBytes);
  }

  sizeBytesOf(number: number): number {
    return this.sizes.get(number) ?? 0;
  }

  /** The lowest number that is not known to exist. */
  get lowestAbsent(): number {
    let number = this.floor;
    while (this.known.has(number)) number++;
    return number;
  }

  /** The lowest seal, once no number below it is open: then no later segment can be part of the log. */
  get lowestSeal(): number | undefined {
    for (let number = this.floor; this.known.has(number); number++) {
      if (this.known.get(number) === 'seal') return number;
    }
    return undefined;
  }

  /**
   * The numbers at which seals must be created next: every absent one of the window that begins with the lowest seal. Empty when
   * the log is closed. While there is no seal the window begins with the lowest absent number, and all of it is sealed in one wave: a
   * session that still puts is stopped at the first seal that lands, wherever that is, and the window then begins there.
   */
  get toSeal(): readonly number[] {
    const begin = this.lowestSeal ?? this.lowestAbsent;
    return Array.from({ length: WINDOW_SEGMENTS }, (_, i) => begin + i).filter((number) => !this.known.has(number));
  }

  get closed(): boolean {
    return this.toSeal.length === 0;
  }

  /** Numbers of data segments, ascending. */
  get dataSegments(): readonly number[] {
    return [...this.known]
      .filter(([, kind]) => kind === 'data')
      .map(([number]) => number)
      .sort((a, b) => a - b);
  }
}
