import type { Version } from '@leasehold/foundation';
import type { Precondition } from '@leasehold/protocol';

/** One key of one database. */
export interface Register {
  readonly database: number;
  readonly key: string;
}

/**
 * - `acknowledged`: durable, with its version
 * - `refused`: its precondition failed; also a reading of what was there
 * - `disclaimed`: answered by a code that promises that nothing was applied
 * - `unknown`: may take effect at any time after its beginning, or never
 */
export type Outcome = 'acknowledged' | 'refused' | 'disclaimed' | 'unknown';

export interface Write extends Register {
  readonly kind: 'write';
  /** Unique in the history; undefined deletes. */
  readonly value: string | undefined;
  readonly precondition: Precondition;
  readonly begunAt: number;
  endedAt: number;
  outcome: Outcome;
  version: Version | undefined;
}

/** What somebody was shown; `value` undefined with a version: only the version was shown. */
export interface Reading extends Register {
  readonly kind: 'reading';
  readonly shown: 'entry' | 'version' | 'absence';
  readonly value: string | undefined;
  readonly version: Version | undefined;
  readonly begunAt: number;
  readonly endedAt: number;
}

/** Everything that clients have sent and been told, in the one order in which it happened. */
export class History {
  readonly writes: Write[] = [];
  readonly readings: Reading[] = [];
  private moment = 0;

  now(): number {
    return ++this.moment;
  }

  begin(register: Register, value: string | undefined, precondition: Precondition): Write {
    const write: Write = {
      ...register,
      kind: 'write',
      value,
      precondition,
      begunAt: this.now(),
      endedAt: Number.POSITIVE_INFINITY,
      outcome: 'unknown',
      version: undefined,
    };
    this.writes.push(write);
    return write;
  }

  end(write: Write, outcome: Outcome, version?: Version): void {
    write.endedAt = this.now();
    write.outcome = outcome;
    write.version = version;
  }

  show(reading: Omit<Reading, 'kind' | 'endedAt'>): void {
    this.readings.push({ ...reading, kind: 'reading', endedAt: this.now() });
  }
}

/** Every promise that the history breaks, in words; none when it is linearizable in the simple sense below. */
export function faultsOf(history: History): string[] {
  return [...faultsOfVersions(history), ...faultsOfReadings(history), ...faultsOfConditions(history)];
}

function sequence(version: Version | undefined): number {
  return version?.sequence ?? 0;
}

function same(a: Register, b: Register): boolean {
  return a.database === b.database && a.key === b.key;
}

function acknowledged(history: History): Write[] {
  return history.writes.filter(({ outcome }) => outcome === 'acknowledged');
}

/** Sequences of a database name one commit each, and grow with real time. */
function faultsOfVersions(history: History): string[] {
  const faults: string[] = [];
  const writes = acknowledged(history);
  for (const [i, write] of writes.entries()) {
    for (const other of writes.slice(i + 1)) {
      if (write.database !== other.database) continue;
      const [a, b] = [sequence(write.version), sequence(other.version)];
      if (a === b) faults.push(`two commits with one sequence: ${name(write)}, ${name(other)}`);
      if (write.endedAt < other.begunAt && a > b) faults.push(`versions fall: ${name(write)}, ${name(other)}`);
      if (other.endedAt < write.begunAt && b > a) faults.push(`versions fall: ${name(other)}, ${name(write)}`);
    }
  }
  return faults;
}

function faultsOfReadings(history: History): string[] {
  return history.readings.flatMap((reading) => {
    const writes = history.writes.filter((write) => same(write, reading) && write.begunAt < reading.endedAt);
    const seenBefore = history.readings.filter((other) => same(other, reading) && other.endedAt < reading.begunAt);
    const known = [
      ...writes.filter(({ outcome, endedAt }) => outcome === 'acknowledged' && endedAt < reading.begunAt),
      ...seenBefore.filter(({ shown }) => shown !== 'absence'),
    ];
    const least = Math.max(0, ...known.map(({ version }) => sequence(version)));
    if (reading.shown === 'absence') return faultsOfAbsence(reading, writes, known, least);
    const faults: string[] = [];
    if (sequence(reading.version) < least) faults.push(`a reading is older than ${least}: ${name(reading)}`);
    if (reading.shown === 'entry') {
      const source = writes.find(({ value, outcome }) => value === reading.value && outcome !== 'refused');
      if (source === undefined) faults.push(`a value that nobody wrote: ${name(reading)}`);
      else if (source.outcome === 'disclaimed') faults.push(`a value that was disclaimed: ${name(reading)}`);
      else if (source.version && sequence(source.version) !== sequence(reading.version)) {
        faults.push(`a value under another version than its own: ${name(reading)}`);
      }
    }
    return faults;
  });
}

/** Nothing was there: so nothing had been written before, or what deleted it may come after. */
function faultsOfAbsence(
  reading: Reading,
  writes: readonly Write[],
  known: readonly { readonly version: Version | undefined; readonly value: string | undefined }[],
  least: number,
): string[] {
  const newest = known.find(({ version }) => sequence(version) === least);
  if (newest === undefined || ('kind' in newest && newest.kind === 'write' && newest.value === undefined)) return [];
  const deleted = writes.some(
    ({ value, outcome, version }) =>
      value === undefined && (outcome === 'unknown' || (outcome === 'acknowledged' && sequence(version) > least)),
  );
  return deleted ? [] : [`absent although ${least} is there: ${name(reading)}`];
}

/** Between what a conditional write names and itself lies no other commit to its key. */
function faultsOfConditions(history: History): string[] {
  const writes = acknowledged(history);
  return writes.flatMap((write) => {
    const before = writes.filter((other) => same(other, write) && sequence(other.version) < sequence(write.version));
    const last = before.reduce<Write | undefined>(
      (newest, other) => (sequence(other.version) > sequence(newest?.version) ? other : newest),
      undefined,
    );
    const unclear = history.writes.some(
      (other) => same(other, write) && other.outcome === 'unknown' && other.begunAt < write.endedAt,
    );
    const { precondition } = write;
    if (precondition.kind === 'version' && sequence(last?.version) > precondition.version.sequence) {
      return [`a swap that lost an update: ${name(write)}, ${name(last ?? write)}`];
    }
    if (precondition.kind === 'absent' && last?.value !== undefined && !unclear) {
      return [`a creation over something: ${name(write)}, ${name(last)}`];
    }
    return [];
  });
}

function name(event: Write | Reading): string {
  const version = event.version ? `${event.version.epoch}.${event.version.sequence}` : 'no version';
  const what = event.kind === 'write' ? `write ${event.outcome}` : `reading of ${event.shown}`;
  return `[${what} ${event.database}/${event.key} = ${event.value ?? 'none'} at ${version}, ${event.begunAt}-${event.endedAt}]`;
}
