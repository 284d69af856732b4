import type { Call, CheckText, DatabaseHistory, OperationText, VersionText } from '../../history/history.js';
import { KEY_KINDS } from '../../history/values.js';
import type { Transaction } from '../course/calls.js';
import { acknowledgedAt, isTransaction } from '../course/calls.js';
import { rangeHolds } from '../model/range.js';
import { revealedVersions } from './revealed-versions.js';

/** A condition on one key. */
export type Condition = Exclude<CheckText, { readonly kind: 'range' }>;

/** What somebody was shown of a register; `version`: that something of this version is there, `conditions`: only those. */
export type Sight =
  | { readonly kind: 'entry'; readonly value: string; readonly version: VersionText }
  | { readonly kind: 'version'; readonly version: VersionText }
  | { readonly kind: 'absence' | 'conditions' };

interface Event {
  readonly id: string;
  readonly begunAt: number;
  readonly endedAt: number;
  /** Of the key, on what was there right before. */
  readonly conditions: readonly Condition[];
}

export interface Reading extends Event {
  readonly sight: Sight;
}

export interface Write extends Event {
  /** Undefined deletes. */
  readonly value: string | undefined;
  /** Undefined: nobody was told, and whether it took effect at all is not known. */
  readonly version: VersionText | undefined;
}

/** Everything that calls tell of one register. */
export interface RegisterEvents {
  readonly key: string;
  readonly readings: readonly Reading[];
  /** Those that certainly took effect, by version; then those that may have, by beginning. */
  readonly certain: readonly Write[];
  readonly possible: readonly Write[];
}

/** By key. Transactions count with each of the keys that they touch; reads of the past tell nothing of the present. */
export function registerEventsOf(database: DatabaseHistory): readonly RegisterEvents[] {
  const keys = registersOf(database.calls);
  const revealed = revealedVersions(database);
  const events = new Map(keys.map((key) => [key, { readings: [] as Reading[], writes: [] as Write[] }]));
  for (const call of database.calls) {
    for (const key of isTransaction(call) ? keysOf(call) : keys) {
      const of = events.get(key);
      if (of === undefined) continue;
      const reading = readingOf(call, key);
      if (reading !== undefined) of.readings.push(reading);
      const write = isTransaction(call) ? writeOf(call, key, revealed) : undefined;
      if (write !== undefined) of.writes.push(write);
    }
  }
  return [...events].map(([key, { readings, writes }]) => ({
    key,
    readings,
    certain: writes
      .filter(({ version }) => version !== undefined)
      .sort((a, b) => (a.version?.sequence ?? 0) - (b.version?.sequence ?? 0) || a.begunAt - b.begunAt),
    possible: writes.filter(({ version }) => version === undefined).sort((a, b) => a.begunAt - b.begunAt),
  }));
}

function isRegister(key: string): boolean {
  return key.startsWith(KEY_KINDS.register);
}

function registersOf(calls: readonly Call[]): readonly string[] {
  const keys = new Set<string>();
  for (const call of calls) {
    const { request, answer } = call;
    if (isTransaction(call)) for (const key of keysOf(call)) keys.add(key);
    if (request.kind === 'get' && isRegister(request.key)) keys.add(request.key);
    if (answer.kind === 'snapshot') for (const { key } of answer.entries) if (isRegister(key)) keys.add(key);
  }
  return [...keys].sort();
}

function keysOf({ request: { checks, ops } }: Transaction): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const part of [...checks, ...ops]) if ('key' in part && isRegister(part.key)) keys.add(part.key);
  return keys;
}

function writeOf(call: Transaction, key: string, revealed: ReturnType<typeof revealedVersions>): Write | undefined {
  const { id, begunAt, endedAt, request, answer } = call;
  const last = request.ops.findLast((op) => 'key' in op && op.key === key);
  if (last === undefined || answer.kind === 'refused' || answer.kind === 'disclaimed') return undefined;
  const write = { id, begunAt, conditions: conditionsOn(request.checks, key), value: valueOf(last) };
  const version = acknowledgedAt(call);
  if (version !== undefined) return { ...write, endedAt, version };
  const shown = revealed.get(id);
  // Whoever was shown it ended after it.
  return { ...write, endedAt: shown?.endedAt ?? Infinity, version: shown?.version };
}

function valueOf(op: OperationText): string | undefined {
  return op.op === 'put' ? op.value : undefined;
}

function readingOf(call: Call, key: string): Reading | undefined {
  const { id, begunAt, endedAt, request, answer } = call;
  const event = { id, begunAt, endedAt };
  const entrySight = (entry: { readonly value: string; readonly version: VersionText } | undefined): Sight =>
    entry === undefined ? { kind: 'absence' } : { kind: 'entry', value: entry.value, version: entry.version };
  if (request.kind === 'get' && answer.kind === 'entry' && request.key === key)
    return { ...event, conditions: [], sight: entrySight(answer.entry) };
  if (request.kind === 'snapshot' && answer.kind === 'snapshot') {
    if (request.at !== undefined || !rangeHolds(request.range, key)) return undefined;
    return { ...event, conditions: [], sight: entrySight(answer.entries.find((entry) => entry.key === key)) };
  }
  if (request.kind !== 'transact') return undefined;
  if (answer.kind === 'refused') {
    const failed = request.checks[answer.failedCheck];
    const conditions = conditionsOn(request.checks.slice(0, answer.failedCheck), key);
    if (failed !== undefined && failed.kind !== 'range' && failed.key === key)
      return { ...event, conditions, sight: refusalSight(answer.present) };
    return conditions.length === 0 ? undefined : { ...event, conditions, sight: { kind: 'conditions' } };
  }
  const isWritten = request.ops.some((op) => 'key' in op && op.key === key);
  const conditions = conditionsOn(request.checks, key);
  if (answer.kind !== 'committed' || isWritten || conditions.length === 0) return undefined;
  // Of a repetition, the checks held when the first attempt was applied, which was no earlier than its beginning.
  return { ...event, conditions, sight: { kind: 'conditions' } };
}

function refusalSight(present: VersionText | undefined): Sight {
  return present === undefined ? { kind: 'absence' } : { kind: 'version', version: present };
}

function conditionsOn(checks: readonly CheckText[], key: string): readonly Condition[] {
  return checks.filter((check): check is Condition => check.kind !== 'range' && check.key === key);
}
