import type { Gap } from './load/availability.js';
import type { EndedRequest } from './load/load.js';
import { isServed } from './load/outcome.js';
import type { FaultKind } from './plan/fault-kind.js';

/** What happened while a fault was under way, and until its effects were over; `calm`: while none was. */
export interface FaultTally {
  readonly count: number;
  readonly requests: number;
  readonly failedRequests: number;
  /** By the code or the error that the client got. */
  readonly failures: Readonly<Record<string, number>>;
  /** The longest time in which one database, asked, served nothing. */
  readonly maxUnavailableMs: number;
  /** The same of writes alone. */
  readonly maxWritesUnavailableMs: number;
}

interface FaultWindow {
  readonly kind: FaultKind;
  readonly fromMs: number;
  /** Infinity while it lasts. */
  untilMs: number;
}

interface OpenTally {
  count: number;
  requests: number;
  failedRequests: number;
  readonly failures: Map<string, number>;
  maxUnavailableMs: number;
  maxWritesUnavailableMs: number;
}

/** Shorter ones are over in a moment. */
const MOMENT_MS = 1_000;

/** Which fault is under way, and what is put down to it: everything that overlaps its time. */
export class FaultLog {
  private readonly windows: FaultWindow[] = [];
  private readonly tallies = new Map<FaultKind | 'calm', OpenTally>();

  begin(kind: FaultKind, nowMs: number): void {
    this.tally(kind).count++;
    this.windows.push({ kind, fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY });
  }

  /** Of the fault that was begun last: its effects are over. */
  end(nowMs: number): void {
    const window = this.windows.at(-1);
    if (window !== undefined) window.untilMs = nowMs;
  }

  at(nowMs: number): FaultKind | 'calm' {
    return this.overlapping(nowMs, nowMs);
  }

  request({ sentMs, endedMs, outcome }: Pick<EndedRequest, 'sentMs' | 'endedMs' | 'outcome'>): void {
    const tally = this.tally(this.overlapping(sentMs, endedMs));
    tally.requests++;
    if (isServed(outcome) || !('code' in outcome)) return;
    tally.failedRequests++;
    tally.failures.set(outcome.code, (tally.failures.get(outcome.code) ?? 0) + 1);
  }

  /** @returns what it is put down to */
  gap(of: 'any' | 'writes', { fromMs, toMs }: Gap): FaultKind | 'calm' {
    const kind = this.overlapping(fromMs, toMs);
    const tally = this.tally(kind);
    const lengthMs = Math.round(toMs - fromMs);
    if (of === 'any') tally.maxUnavailableMs = Math.max(tally.maxUnavailableMs, lengthMs);
    else tally.maxWritesUnavailableMs = Math.max(tally.maxWritesUnavailableMs, lengthMs);
    return kind;
  }

  byFault(): Readonly<Record<string, FaultTally>> {
    return Object.fromEntries(
      [...this.tallies].map(([kind, { failures, ...tally }]) => [
        kind,
        { ...tally, failures: Object.fromEntries(failures) },
      ]),
    );
  }

  of(kind: FaultKind): FaultTally | undefined {
    return this.byFault()[kind];
  }

  /**
   * What overlaps several windows is put down to the one that it overlaps longest; what is over in a moment to the latest, because a
   * process that is killed takes along what it was doing.
   */
  private overlapping(fromMs: number, toMs: number): FaultKind | 'calm' {
    const overlaps = this.windows.filter((window) => window.fromMs <= toMs && window.untilMs >= fromMs);
    if (toMs - fromMs < MOMENT_MS) return overlaps.at(-1)?.kind ?? 'calm';
    const lengthMs = (window: FaultWindow): number => Math.min(toMs, window.untilMs) - Math.max(fromMs, window.fromMs);
    const longest = Math.max(...overlaps.map(lengthMs));
    return overlaps.findLast((window) => lengthMs(window) === longest)?.kind ?? 'calm';
  }

  private tally(kind: FaultKind | 'calm'): OpenTally {
    let tally = this.tallies.get(kind);
    if (tally === undefined) {
      tally = {
        count: 0,
        requests: 0,
        failedRequests: 0,
        failures: new Map(),
        maxUnavailableMs: 0,
        maxWritesUnavailableMs: 0,
      };
      this.tallies.set(kind, tally);
    }
    return tally;
  }
}
