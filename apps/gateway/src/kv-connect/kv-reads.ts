import type { Version } from '@leasehold/foundation';
import { toBase64Url } from '@leasehold/foundation';
import type { ByteRange, Cost, KvReadRange, ListedEntry, SnapshotRequest } from '@leasehold/protocol';
import {
  COST_HEADER,
  entryBytes,
  formatSnapshotBody,
  keyRangeOf,
  KV_LIMITS,
  parseCost,
  parseVersionstamp,
  ProblemError,
  rangeBehind,
} from '@leasehold/protocol';

import type { Hop } from '../databases/database-requests.js';
import { refusalOf } from '../forwarding/refusal.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';

/** Brings a hop to the worker of one database, and its answer back, be it a refusal. */
export type AskWorker = (hop: Hop) => Promise<WorkerAnswer>;

/** What was read of one state, by the positions of what was asked for. */
export interface KvRead<T> {
  readonly found: readonly T[];
  readonly cost: Cost;
}

/** Entries of some keys; undefined: there is no such key. */
export interface KvKeys extends KvRead<ListedEntry | undefined> {
  readonly version: Version;
}

/** Pages of one state that follow each other: more than {@link KV_LIMITS.answerBytes} of the smallest pages. */
const MAX_PAGES = 100;
/** States that are begun anew because they were not kept for long enough. */
const MAX_STATES = 3;
const RETRY_AFTER_MS = 1_000;
const NO_COST: Cost = { readUnits: 0, writeUnits: 0 };

/** Reading it was work all the same, of the worker and on the way. */
export class AnswerTooLarge extends ProblemError {
  constructor(
    readonly readBytes: number,
    readonly cost: Cost,
  ) {
    const limit = `an answer of KV Connect has at most ${KV_LIMITS.answerBytes} bytes of keys and values`;
    super('answer-too-large', `${limit}: ask for fewer entries at a time (batchSize)`);
  }
}

/** What is left to read of one range. */
interface Rest {
  range: ByteRange | undefined;
  left: number;
  readonly reverse: boolean;
  readonly entries: ListedEntry[];
}

/** @throws ProblemError what the worker has refused */
export async function readKeys(ask: AskWorker, keys: readonly Uint8Array[]): Promise<KvKeys> {
  const { gets, version, cost } = await readOnce(ask, { gets: keys, lists: [], at: undefined });
  return { found: gets, version, cost };
}

/**
 * The first entry of a range that begins with a key: by the shortest way where that key exists, as most keys do that are asked for.
 * @throws ProblemError what the worker has refused
 */
export async function readFrom(
  ask: AskWorker,
  key: Uint8Array,
  range: KvReadRange,
): Promise<KvRead<readonly ListedEntry[]>> {
  const { found, cost } = await readKey(ask, key);
  if (found.length > 0) return { found: [found], cost };
  // From the key on, and not behind it: it may have come to be since, and both are to be of one state.
  const all = await readRanges(ask, [range]);
  return { found: all.found, cost: sumOf(cost, all.cost) };
}

async function readKey(ask: AskWorker, key: Uint8Array): Promise<KvRead<ListedEntry>> {
  const answer = await ask({ method: 'GET', resource: `keys64/${toBase64Url(key)}`, body: undefined });
  if (answer.status === 404) {
    const refusal = refusalOf(answer);
    if (refusal.code === 'key-not-found') return { found: [], cost: costOf(answer) };
    throw refusal;
  }
  if (answer.status !== 200) throw refusalOf(answer);
  const tag = String(answer.headers['etag']).slice(1, -1);
  return { found: [{ key, value: answer.body, version: versionOf(tag) }], cost: costOf(answer) };
}

/**
 * Every range, of one state, to its limit or its end: a page that ends early because it is full would be the end of the range to clients.
 * @throws ProblemError what the worker has refused; answer-too-large; unavailable: the state was gone before it was read
 */
export async function readRanges(
  ask: AskWorker,
  ranges: readonly KvReadRange[],
): Promise<KvRead<readonly ListedEntry[]>> {
  for (let state = 0; state < MAX_STATES; state++) {
    const read = await readOneState(ask, ranges);
    if (read !== undefined) return read;
  }
  throw new ProblemError('unavailable', 'what is read changes faster than it can be read', {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

/** Undefined when the state is not kept any more. */
async function readOneState(
  ask: AskWorker,
  ranges: readonly KvReadRange[],
): Promise<KvRead<readonly ListedEntry[]> | undefined> {
  const rests = ranges.map(restOf);
  const found = rests.map(({ entries }) => entries);
  let cost = NO_COST;
  let at: SnapshotRequest['at'];
  let sizeBytes = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const open = rests.filter(({ range }) => range !== undefined);
    if (open.length === 0) return { found, cost };
    let read;
    try {
      read = await readOnce(ask, { gets: [], lists: open.map(listOf), at });
    } catch (error) {
      if (at !== undefined && error instanceof ProblemError && error.code === 'history-gone') return undefined;
      throw error;
    }
    at = { version: read.version };
    cost = sumOf(cost, read.cost);
    for (const [position, rest] of open.entries()) {
      const { entries = [], more = false } = read.lists[position] ?? {};
      sizeBytes += entries.reduce((bytes, entry) => bytes + entryBytes(entry), 0);
      take(rest, entries, more);
    }
    if (sizeBytes > KV_LIMITS.answerBytes) break;
  }
  throw new AnswerTooLarge(sizeBytes, cost);
}

function restOf({ limit, reverse, ...range }: KvReadRange): Rest {
  return { range: keyRangeOf(range), left: limit, reverse, entries: [] };
}

function take(rest: Rest, entries: readonly ListedEntry[], more: boolean): void {
  const { range, reverse } = rest;
  rest.entries.push(...entries);
  rest.left -= entries.length;
  const last = entries.at(-1);
  if (!more || rest.left <= 0) rest.range = undefined;
  else if (range !== undefined && last !== undefined) rest.range = rangeBehind(range, last.key, reverse);
}

function listOf({ range, left, reverse }: Rest): SnapshotRequest['lists'][number] {
  const { start, end } = range ?? {};
  return { prefix: undefined, start, end, limit: left, reverse, cursor: undefined };
}

interface Page {
  readonly version: Version;
  readonly gets: readonly (ListedEntry | undefined)[];
  readonly lists: readonly { readonly entries: readonly ListedEntry[]; readonly more: boolean }[];
  readonly cost: Cost;
}

interface WorkerPage {
  readonly version: string;
  readonly gets: readonly ({ readonly value: string; readonly version: string } | null)[];
  readonly lists: readonly {
    readonly entries: readonly { readonly key: string; readonly value: string; readonly version: string }[];
    readonly cursor: string | null;
  }[];
}

async function readOnce(ask: AskWorker, asked: Omit<SnapshotRequest, 'encoding'>): Promise<Page> {
  const body = formatSnapshotBody({ ...asked, encoding: 'base64' });
  const answer = await ask({ method: 'POST', resource: 'reads', body, repetition: 'harmless' });
  if (answer.status !== 200) throw refusalOf(answer);
  const { version, gets, lists } = JSON.parse(answer.body.toString('utf8')) as WorkerPage;
  return {
    version: versionOf(version),
    gets: gets.map((entry, i) => {
      const key = asked.gets[i];
      return entry === null || key === undefined ? undefined : entryOf(key, entry);
    }),
    lists: lists.map(({ entries, cursor }) => ({
      entries: entries.map((entry) => entryOf(fromBase64(entry.key), entry)),
      more: cursor !== null,
    })),
    cost: costOf(answer),
  };
}

function entryOf(
  key: Uint8Array,
  { value, version }: { readonly value: string; readonly version: string },
): ListedEntry {
  return { key, value: fromBase64(value), version: versionOf(version) };
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}

function versionOf(text: string): Version {
  const version = parseVersionstamp(text);
  if (version !== undefined) return version;
  throw new ProblemError('internal', 'the worker did not understand the gateway');
}

export function costOf(answer: WorkerAnswer): Cost {
  return parseCost(answer.headers[COST_HEADER]);
}

function sumOf(a: Cost, b: Cost): Cost {
  return { readUnits: a.readUnits + b.readUnits, writeUnits: a.writeUnits + b.writeUnits };
}
