import type { Version } from '@leasehold/foundation';

import type { Attempt, Condition, Floor, SumAttempt } from './attempt.js';
import type { FindingKind, Findings } from './finding.js';
import { KeyRecord } from './key-record.js';
import { decodeValue } from './stored-value.js';
import type { TallyRead } from './tallies.js';
import { Tallies } from './tallies.js';
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
  readonly tallies: Tallies;
  private readonly book = new VersionBook();
  /** Of the newest commit that was acknowledged or read. */
  private floor = 0;
  private acknowledgedCommits = 0;
  private unclearCommits = 0;

  constructor(
    readonly name: string,
    private readonly findings: Findings,
  ) {
    this.tallies = new Tallies((kind, key, detail) => this.report(kind, key, detail));
  }

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
    this.order(attempt, version);
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

  beginSum(write: number): SumAttempt {
    return { write, ...this.tallies.begin(write), databaseFloor: this.floor };
  }

  acknowledgeSum(attempt: SumAttempt, version: Version): void {
    this.acknowledgedCommits++;
    this.tallies.acknowledge(attempt);
    this.order(attempt, version);
    this.enter(attempt.key, version);
    this.floor = Math.max(this.floor, version.sequence);
  }

  loseSum(attempt: SumAttempt): void {
    this.unclearCommits++;
    this.tallies.lose(attempt);
  }

  endTallyRead(read: TallyRead, shown: Shown, ifMissing: 'stale' | 'lost' = 'stale'): void {
    this.tallies.endRead(read, shown === 'absent' ? shown : shown.bytes, ifMissing);
    if (shown !== 'absent') this.floor = Math.max(this.floor, shown.version.sequence);
  }

  /**
   * A write was acknowledged, and then sent once more under its idempotency key.
   * @param again the version that it was told then; undefined: it was refused
   */
  repeat(
    key: string,
    first: Version,
    again: { readonly version: Version; readonly isReplayed: boolean } | undefined,
  ): void {
    const at = `${first.epoch}:${first.sequence}`;
    if (again === undefined) {
      this.report('disorder', key, `applied at ${at}, and refused under the same idempotency key`);
      return;
    }
    const { version, isReplayed } = again;
    if (version.sequence === first.sequence && version.epoch === first.epoch && isReplayed) return;
    const told = `${version.epoch}:${version.sequence}, ${isReplayed ? 'as done before' : 'as done now'}`;
    this.report('doubled', key, `applied at ${at}, and under the same idempotency key at ${told}`);
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

  /** What is sent later comes later. */
  private order({ key, databaseFloor }: Pick<Attempt, 'key' | 'databaseFloor'>, { sequence }: Version): void {
    if (sequence > databaseFloor) return;
    this.report('disorder', key, `acknowledged at ${sequence}, sent after ${databaseFloor}`);
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
