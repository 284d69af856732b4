import type { Version } from '@leasehold/foundation';

import type { Attempt, Condition, Floor } from './attempt.js';
import type { FindingKind, Findings } from './finding.js';
import { KeyRecord } from './key-record.js';
import { decodeValue } from './stored-value.js';
import { VersionBook } from './version-book.js';

/** What a read showed of one key; a listing is as many of them. */
export type Shown = { readonly version: Version; readonly bytes: Uint8Array } | 'absent';

/** A read on its way: what was known when it was sent. */
export interface ReadAttempt {
  readonly key: string;
  readonly floor: Floor;
  readonly sentMs: number;
}

/** Everything that clients know of one database. */
export class DatabaseRecord {
  private readonly keys = new Map<string, KeyRecord>();
  private readonly book = new VersionBook();
  /** Of the newest commit that was acknowledged or read. */
  private floor = 0;
  private acknowledgedCommits = 0;
  private unclearCommits = 0;

  constructor(
    readonly name: string,
    private readonly findings: Findings,
  ) {}

  get acknowledged(): number {
    return this.acknowledgedCommits;
  }

  /** Commits that there may be on top of the acknowledged ones: outcomes that nobody told. */
  get unclear(): number {
    return this.unclearCommits;
  }

  get keyNames(): readonly string[] {
    return [...this.keys.keys()];
  }

  floorOf(key: string): Floor {
    return this.key(key).floor;
  }

  openAttempts(key: string): number {
    return this.key(key).openAttempts;
  }

  beginWrite(
    write: { readonly write: number; readonly key: string; readonly effect: 'put' | 'delete'; readonly count: number },
    condition: Condition,
    sentMs: number,
  ): Attempt {
    const record = this.key(write.key);
    const attempt = { ...write, condition, sentMs, floor: record.floor, databaseFloor: this.floor };
    record.begin(attempt);
    return attempt;
  }

  acknowledge(attempt: Attempt, version: Version): void {
    this.acknowledgedCommits++;
    const { sequence } = version;
    const wasSeen = this.key(attempt.key).acknowledge(attempt, version);
    if (sequence <= attempt.databaseFloor) {
      this.report('disorder', attempt.key, `acknowledged at ${sequence}, sent after ${attempt.databaseFloor}`);
    }
    if (!wasSeen) this.enter(attempt.key, version);
    this.floor = Math.max(this.floor, sequence);
  }

  /** The precondition failed; the answer names what is there, or that nothing is. */
  refuse(attempt: Attempt, present: Version | undefined): void {
    this.key(attempt.key).refuse(attempt, present);
  }

  /** The answer says that nothing was applied. */
  reject(attempt: Attempt, answer: string): void {
    this.key(attempt.key).reject(attempt, answer);
  }

  /** The outcome is unknown. */
  lose(attempt: Attempt, nowMs: number): void {
    this.unclearCommits++;
    this.key(attempt.key).lose(attempt, nowMs);
  }

  beginRead(key: string, sentMs: number): ReadAttempt {
    return { key, floor: this.key(key).floor, sentMs };
  }

  /** @param ifOlder what it is called when something older than what was known is shown */
  endRead({ key, floor, sentMs }: ReadAttempt, shown: Shown, ifOlder: 'stale' | 'lost' = 'stale'): void {
    const record = this.key(key);
    if (shown === 'absent') return record.readAbsent(floor, ifOlder);
    const label = decodeValue(shown.bytes);
    if (label === undefined) return this.report('damaged', key, `${shown.bytes.byteLength} bytes that nobody wrote`);
    if (label.database !== this.name || label.key !== key) {
      return this.report('foreign', key, `holds ${label.key} of ${label.database}`);
    }
    if (record.readValue(floor, shown.version, label, ifOlder, sentMs)) this.enter(key, shown.version);
    this.floor = Math.max(this.floor, shown.version.sequence);
  }

  /** A listing showed a key that was never written. */
  reportForeign(key: string): void {
    this.report('foreign', key, 'listed, and never written');
  }

  /** Nobody serves it any more, whatever it holds. */
  reportUnreadable(key: string, why: string): void {
    this.report('lost', key, `not served: ${why}`);
  }

  /** Each version is entered once: when it is acknowledged, or when a read first shows it. */
  private enter(key: string, version: Version): void {
    const fault = this.book.add(version);
    if (fault !== undefined) this.report('doubled', key, `version ${version.epoch}:${version.sequence} was ${fault}`);
  }

  private key(name: string): KeyRecord {
    let record = this.keys.get(name);
    if (record === undefined) {
      record = new KeyRecord(name, (kind, key, detail) => this.report(kind, key, detail));
      this.keys.set(name, record);
    }
    return record;
  }

  private report(kind: FindingKind, key: string, detail: string): void {
    this.findings.add({ kind, database: this.name, key, detail });
  }
}
