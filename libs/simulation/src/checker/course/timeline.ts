import type { Call } from '../../history/history.js';

type Beginning = Pick<Call, 'id' | 'begunAt' | 'begunMs'>;
type End = Pick<Call, 'id' | 'endedAt' | 'endedMs'>;

interface Point {
  readonly sequence: number;
  begunAt: number;
  begunMs: number;
  begunBy: string;
  seenAt: number;
  seenMs: number;
  seenBy: string;
}

/**
 * When versions may have become present, by what calls tell: not before somebody asked for them or was still shown the version before
 * (`begun`), and not after somebody was shown them (`seen`). Versions come one after another, so what holds for a version holds for all
 * later ones, or all earlier ones.
 */
export class Timeline {
  private readonly points = new Map<number, Point>();
  private sorted: Point[] | undefined;
  /** By place in `sorted`: the latest beginning up to there, and the earliest sight from there on. */
  private latestBegun: Point[] = [];
  private earliestSeen: Point[] = [];
  private begunMs: number[] = [];
  private seenMs: number[] = [];

  /** The version of this sequence was not there before the call began. */
  begun(sequence: number, { id, begunAt, begunMs }: Beginning): void {
    if (sequence === Infinity) return;
    const point = this.at(sequence);
    if (begunAt > point.begunAt) {
      point.begunAt = begunAt;
      point.begunBy = id;
    }
    point.begunMs = Math.max(point.begunMs, begunMs);
  }

  /** The version of this sequence was there before the call ended. */
  seen(sequence: number, { id, endedAt, endedMs }: End): void {
    const point = this.at(sequence);
    if (endedAt < point.seenAt) {
      point.seenAt = endedAt;
      point.seenBy = id;
    }
    point.seenMs = Math.min(point.seenMs, endedMs);
  }

  /** The first and the last sequence that may have been the present one at some moment of the call. */
  window({ begunAt, endedAt }: Pick<Call, 'begunAt' | 'endedAt'>, last: number): readonly [number, number] {
    const points = this.settled();
    const passed = count(points, (_, place) => (this.earliestSeen[place] as Point).seenAt < begunAt);
    const open = count(points, (_, place) => (this.latestBegun[place] as Point).begunAt <= endedAt);
    const from = Math.min(points[passed - 1]?.sequence ?? 0, last);
    const through = Math.min((points[open]?.sequence ?? Infinity) - 1, last);
    // Where real time is broken there is no such version; that is told by `faults`.
    return from <= through ? [from, through] : [through, from];
  }

  /** True ms before which the version cannot have been committed. */
  notBeforeMs(sequence: number): number {
    const points = this.settled();
    return this.begunMs[count(points, (point) => point.sequence <= sequence) - 1] ?? -Infinity;
  }

  /** True ms after which it cannot have been. */
  notAfterMs(sequence: number): number {
    const points = this.settled();
    return this.seenMs[count(points, (point) => point.sequence < sequence)] ?? Infinity;
  }

  /** Moment by which the version was there for certain. */
  seenBy(sequence: number): number {
    const points = this.settled();
    return this.earliestSeen[count(points, (point) => point.sequence < sequence)]?.seenAt ?? Infinity;
  }

  /** Versions that do not follow real time. */
  faults(): readonly string[] {
    return this.settled().flatMap((point, place) => {
      const begun = this.latestBegun[place] as Point;
      if (begun.begunAt <= point.seenAt) return [];
      const early = `${begun.sequence} cannot have been there before ${begun.begunBy} began at ${begun.begunAt}`;
      return [
        `real time: version ${early}, and ${point.sequence} was for ${point.seenBy}, which ended at ${point.seenAt}`,
      ];
    });
  }

  private at(sequence: number): Point {
    let point = this.points.get(sequence);
    if (point === undefined) {
      point = {
        sequence,
        begunAt: -Infinity,
        begunMs: -Infinity,
        begunBy: '',
        seenAt: Infinity,
        seenMs: Infinity,
        seenBy: '',
      };
      this.points.set(sequence, point);
    }
    this.sorted = undefined;
    return point;
  }

  private settled(): readonly Point[] {
    if (this.sorted !== undefined) return this.sorted;
    const points = [...this.points.values()].sort((a, b) => a.sequence - b.sequence);
    this.sorted = points;
    this.latestBegun = running(points, (a, b) => (b.begunAt > a.begunAt ? b : a));
    this.earliestSeen = running([...points].reverse(), (a, b) => (b.seenAt < a.seenAt ? b : a)).reverse();
    this.begunMs = running(
      points.map(({ begunMs }) => begunMs),
      Math.max,
    );
    this.seenMs = running(points.map(({ seenMs }) => seenMs).reverse(), Math.min).reverse();
    return points;
  }
}

function running<T>(items: readonly T[], join: (a: T, b: T) => T): T[] {
  const joined: T[] = [];
  for (const item of items) joined.push(joined.length === 0 ? item : join(joined[joined.length - 1] as T, item));
  return joined;
}

/** How many items from the first on are so; those after them are not. */
function count<T>(items: readonly T[], isSo: (item: T, place: number) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isSo(items[middle] as T, middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
