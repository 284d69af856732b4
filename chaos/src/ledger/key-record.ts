import type { Version } from '@leasehold/foundation';
import { formatVersion } from '@leasehold/foundation';

import type { Attempt, Condition, Floor } from './attempt.js';
import { NEVER_WRITTEN } from './attempt.js';
import type { FindingKind } from './finding.js';

/** Versions of a key that are remembered with who wrote them. */
const RECENT_LIMIT = 32;
/** Refused writes of a key whose values must never show up. */
const REFUSED_LIMIT = 64;
/**
 * No request lives longer in the service than the gateway's hold (12 s) with its grace (3 s) and the longest pause of a process (two ttls)
 * and a late landing: what is unknown for longer, and is not what a later read or write found, was not and will not be applied.
 */
const UNKNOWN_SETTLES_MS = 60_000;

interface OpenAttempt {
  readonly attempt: Attempt;
  /** Undefined while its answer is awaited. */
  unknownSinceMs: number | undefined;
  /** The sequence under which a read has shown it. */
  seenAt: number | undefined;
}

interface WrittenVersion {
  readonly sequence: number;
  readonly write: number;
  readonly effect: 'put' | 'delete';
  readonly condition: Condition;
  /** When it became known, a delete of unknown outcome may have gone before it. */
  readonly mayFollowDelete: boolean;
}

/** A write that was not applied, or will not be any more. */
interface RefusedWrite {
  readonly write: number;
  /** What its sender was told. */
  readonly answer: string;
  /** Of one whose outcome was never told: it may have been applied below this sequence, which a slow read may still show. */
  readonly appliedBelow: number;
}

export type Report = (kind: FindingKind, key: string, detail: string) => void;

/**
 * What is known of one key. Versions order its writes, so each answer is judged alone: against what was acknowledged or read before its
 * request was sent (real time), and against who wrote which version.
 */
export class KeyRecord {
  floor: Floor = NEVER_WRITTEN;
  private readonly open = new Map<number, OpenAttempt>();
  /** By ascending sequence. */
  private readonly recent: WrittenVersion[] = [];
  private readonly refused: RefusedWrite[] = [];
  /** The highest sequence of an acknowledged delete. */
  private lastDelete = 0;
  /** A delete of unknown outcome that is no longer waited for may have been applied below this sequence. */
  private deletedBelow = 0;

  constructor(
    readonly name: string,
    private readonly report: Report,
  ) {}

  /** Writes whose answer is awaited or unknown. */
  get openAttempts(): number {
    return this.open.size;
  }

  begin(attempt: Attempt): void {
    this.open.set(attempt.write, { attempt, unknownSinceMs: undefined, seenAt: undefined });
  }

  /** @returns true when a read had shown this version already */
  acknowledge(attempt: Attempt, version: Version): boolean {
    const { sequence } = version;
    const seenAt = this.open.get(attempt.write)?.seenAt;
    this.open.delete(attempt.write);
    if (seenAt !== undefined && seenAt !== sequence) {
      this.report('doubled', this.name, `write ${attempt.write} was read at ${seenAt} and acknowledged at ${sequence}`);
    }
    if (sequence <= attempt.floor.sequence) {
      this.report('disorder', this.name, `acknowledged at ${sequence}, sent after ${attempt.floor.sequence}`);
    }
    this.note(attempt, sequence);
    if (attempt.effect === 'delete') this.lastDelete = Math.max(this.lastDelete, sequence);
    const state = attempt.effect === 'put' ? 'value' : 'gone';
    this.raise({ sequence, state, version: formatVersion(version), count: attempt.count }, attempt.sentMs);
    return seenAt !== undefined;
  }

  /** The precondition failed; `present` is what the answer names instead. */
  refuse(attempt: Attempt, present: Version | undefined): void {
    this.reject(attempt, 'a condition that failed');
    const { floor, condition } = attempt;
    if (present === undefined) {
      if (!this.mayBeAbsent(floor)) this.report('stale', this.name, `refused as absent, after ${floor.sequence}`);
      if (condition.kind === 'absent') this.report('disorder', this.name, 'refused although it is absent, as asked');
      return;
    }
    if (present.sequence < floor.sequence) {
      this.report('stale', this.name, `refused by ${present.sequence}, after ${floor.sequence}`);
    }
    if (condition.kind === 'match' && condition.sequence === present.sequence) {
      this.report('disorder', this.name, `refused although the version is ${present.sequence}, as asked`);
    }
  }

  /** It was not applied, says the answer, which is told when the write shows up all the same. */
  reject(attempt: Attempt, answer: string): void {
    const seenAt = this.open.get(attempt.write)?.seenAt;
    this.open.delete(attempt.write);
    if (seenAt !== undefined) {
      this.report('phantom', this.name, `write ${attempt.write} was read at ${seenAt} and then refused (${answer})`);
    }
    this.remember({ write: attempt.write, answer, appliedBelow: 0 });
  }

  /** Whether it was applied, or will be, nobody says. */
  lose(attempt: Attempt, nowMs: number): void {
    const open = this.open.get(attempt.write);
    if (open === undefined) return;
    if (open.seenAt === undefined) open.unknownSinceMs = nowMs;
    else this.open.delete(attempt.write);
  }

  /**
   * @param floor of the key, when the read was sent
   * @param ifOlder what it is when it shows something older
   * @returns true when it is the first to show a version whose write has no answer yet, or none that tells
   */
  readValue(
    floor: Floor,
    version: Version,
    { write, count }: { readonly write: number; readonly count: number },
    ifOlder: 'stale' | 'lost',
    sentMs: number,
  ): boolean {
    const { sequence } = version;
    const isNew = this.attribute(sequence, write);
    if (sequence < floor.sequence || (sequence === floor.sequence && floor.state === 'gone')) {
      this.report(ifOlder, this.name, `read ${sequence} (write ${write}), after ${describe(floor)}`);
    }
    this.raise({ sequence, state: 'value', version: formatVersion(version), count }, sentMs);
    return isNew;
  }

  readAbsent(floor: Floor, ifOlder: 'stale' | 'lost'): void {
    if (!this.mayBeAbsent(floor)) {
      this.report(ifOlder, this.name, `absent, after ${describe(floor)}`);
      return;
    }
    // Gone by a delete whose version nobody told: from now on the value may not come back.
    const { sequence, state } = this.floor;
    if (state === 'value' && sequence === floor.sequence) {
      this.floor = { ...this.floor, state: 'gone', version: undefined };
    }
  }

  private mayBeAbsent(floor: Floor): boolean {
    const wasDeleted = this.lastDelete > floor.sequence || this.deletedBelow > floor.sequence + 1;
    return floor.state === 'gone' || wasDeleted || this.hasOpenDelete();
  }

  /** Whose value it is, and whether it may stand under this sequence. Returns as {@link readValue}. */
  private attribute(sequence: number, write: number): boolean {
    const open = this.open.get(write);
    if (open !== undefined) {
      if (open.seenAt !== undefined && open.seenAt !== sequence) {
        this.report('doubled', this.name, `write ${write} was read at ${open.seenAt} and at ${sequence}`);
      }
      const isNew = open.seenAt === undefined;
      open.seenAt = sequence;
      if (!isNew) return false;
      if (open.unknownSinceMs !== undefined) this.open.delete(write);
      this.note(open.attempt, sequence);
      return true;
    }
    const byWrite = this.recent.find((written) => written.write === write);
    const refused = this.refused.find((each) => each.write === write);
    if (byWrite !== undefined) {
      if (byWrite.sequence !== sequence) {
        this.report('doubled', this.name, `write ${write} stands at ${byWrite.sequence} and at ${sequence}`);
      }
    } else if (refused !== undefined && sequence < refused.appliedBelow) {
      return false;
    } else if (refused !== undefined) {
      this.report('phantom', this.name, `write ${write} was refused (${refused.answer}) and stands at ${sequence}`);
    } else if (sequence >= (this.recent[0]?.sequence ?? 0)) {
      this.report('phantom', this.name, `write ${write} at ${sequence} is none that was sent`);
    }
    return false;
  }

  /** Remembers who wrote a version, and looks whether its neighbours allow that. */
  private note({ write, effect, condition }: Attempt, sequence: number): void {
    const same = this.recent.find((each) => each.sequence === sequence);
    if (same !== undefined) {
      if (same.write !== write) {
        this.report('doubled', this.name, `sequence ${sequence} is of write ${same.write} and of write ${write}`);
      }
      return;
    }
    const mayFollowDelete = this.hasOpenDelete() || (this.floor.state === 'gone' && this.floor.version === undefined);
    const written = { sequence, write, effect, condition, mayFollowDelete };
    const found = this.recent.findIndex((each) => each.sequence > sequence);
    const at = found < 0 ? this.recent.length : found;
    const [before, after] = [this.recent[at - 1], this.recent[at]];
    this.recent.splice(at, 0, written);
    if (this.recent.length > RECENT_LIMIT) this.recent.shift();
    for (const each of this.recent) {
      this.checkMatch(each, written);
      this.checkMatch(written, each);
    }
    this.checkCreated(written, before);
    if (after !== undefined) this.checkCreated(after, written);
  }

  private checkMatch({ sequence, write, condition }: WrittenVersion, other: WrittenVersion): void {
    if (condition.kind !== 'match' || other.sequence <= condition.sequence || other.sequence >= sequence) return;
    const versions = `${condition.sequence}, ${other.sequence}, ${sequence}`;
    this.report('doubled', this.name, `write ${write} was applied over a version that it did not name: ${versions}`);
  }

  private checkCreated(created: WrittenVersion, before: WrittenVersion | undefined): void {
    if (created.condition.kind !== 'absent' || created.mayFollowDelete || before?.effect !== 'put') return;
    this.report('doubled', this.name, `created at ${created.sequence} although there since ${before.sequence}`);
  }

  private hasOpenDelete(): boolean {
    return [...this.open.values()].some(({ attempt }) => attempt.effect === 'delete');
  }

  private raise(floor: Floor, sentMs: number): void {
    if (floor.sequence > this.floor.sequence) this.floor = floor;
    for (const [write, { unknownSinceMs, attempt }] of this.open) {
      if (unknownSinceMs === undefined || sentMs - unknownSinceMs < UNKNOWN_SETTLES_MS) continue;
      this.open.delete(write);
      const answer = `unknown, and not seen ${Math.round((sentMs - unknownSinceMs) / 1_000)} s later`;
      this.remember({ write, answer, appliedBelow: this.floor.sequence });
      if (attempt.effect === 'delete') this.deletedBelow = this.floor.sequence;
    }
  }

  private remember(refused: RefusedWrite): void {
    this.refused.push(refused);
    if (this.refused.length > REFUSED_LIMIT) this.refused.shift();
  }
}

function describe({ sequence, state }: Floor): string {
  return state === 'value' ? `${sequence}` : `${sequence} and its deletion`;
}
