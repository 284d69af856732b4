// From lines of usage records to what each database used of each meter in a stretch of time.
import { digestOf } from './usage-records.mjs';

const HOUR_MS = 3_600_000;

/**
 * @typedef {{ at: number, key: string, quantity: bigint }} HourlyUse `at`: when the hour begins; key: empty for writes
 * @typedef {{ at: number, bytes: bigint }} Mark
 * @typedef {{ writes: HourlyUse[], reads: HourlyUse[], egress: HourlyUse[], marks: Mark[] }} DatabaseUse
 * @typedef {{ database: string, quantity: bigint }} Part
 * @typedef {{ parts: Part[], entries: number, digest: string, firstAt: number, lastAt: number }} Used
 * @typedef {'readUnits' | 'writeUnits' | 'storedByteMs' | 'egressBytes'} Meter
 */

/**
 * @param {readonly import('./usage-records.mjs').DatabaseLine[]} lines
 * @returns {{ databases: Map<string, DatabaseUse>, problems: string[] }}
 */
export function usesOf(lines) {
  /** @type {string[]} */
  const problems = [];
  /** @type {Map<string, import('./usage-records.mjs').DatabaseLine[]>} */
  const byDatabase = new Map();
  for (const line of lines) {
    const own = byDatabase.get(line.database);
    if (own) own.push(line);
    else byDatabase.set(line.database, [line]);
  }
  const databases = new Map(
    [...byDatabase].map(([database, own]) => {
      const reads = own.flatMap((line) => line.reads).filter(([, key]) => key !== null);
      const use = {
        writes: writesOf(
          database,
          own.flatMap((line) => line.writes),
          problems,
        ),
        reads: hourly(reads.map(([hour, key, , units]) => ({ hour, key, quantity: units }))),
        egress: hourly(reads.map(([hour, key, , , bytes]) => ({ hour, key, quantity: bytes }))),
        marks: marksOf(own.flatMap((line) => line.sizes)),
      };
      return /** @type {const} */ ([database, use]);
    }),
  );
  return { databases, problems };
}

/**
 * Each commit once: intervals of one cumulative counter, in its order.
 * @param {string} database
 * @param {unknown[][]} writes
 * @param {string[]} problems
 */
function writesOf(database, writes, problems) {
  const intervals = writes
    .map(([hour, from, to]) => ({ hour: Number(hour), from: counterOf(from), to: counterOf(to) }))
    .sort((a, b) => Number(a.from.commits - b.from.commits) || Number(a.to.commits - b.to.commits));
  let reached = { commits: 0n, units: 0n };
  const told = [];
  for (const { hour, from, to } of intervals) {
    if (to.commits <= reached.commits) continue;
    const since = from.commits > reached.commits ? from : reached;
    if (from.commits === reached.commits && from.units !== reached.units) {
      problems.push(`database ${database}: two records tell other units at commit ${from.commits}`);
    }
    told.push({ hour, key: '', quantity: to.units - since.units });
    reached = to;
  }
  return hourly(told);
}

/** @param {unknown} counter */
function counterOf(counter) {
  const [commits, units] = /** @type {number[]} */ (counter);
  return { commits: BigInt(commits ?? 0), units: BigInt(units ?? 0) };
}

/**
 * @param {readonly { hour: unknown, key: unknown, quantity: unknown }[]} told
 * @returns {HourlyUse[]}
 */
function hourly(told) {
  /** @type {Map<string, HourlyUse>} */
  const rows = new Map();
  for (const { hour, key, quantity } of told) {
    const place = `${hour} ${key}`;
    const row = rows.get(place) ?? { at: Number(hour) * HOUR_MS, key: String(key), quantity: 0n };
    rows.set(place, { ...row, quantity: row.quantity + BigInt(/** @type {bigint} */ (quantity)) });
  }
  return [...rows.values()].filter(({ quantity }) => quantity > 0n);
}

/**
 * By time; of one moment the largest.
 * @param {unknown[][]} sizes
 * @returns {Mark[]}
 */
function marksOf(sizes) {
  /** @type {Map<number, bigint>} */
  const marks = new Map();
  for (const [time, size] of sizes) {
    const [at, bytes] = [Number(time), BigInt(/** @type {number} */ (size))];
    const known = marks.get(at) ?? -1n;
    marks.set(at, bytes > known ? bytes : known);
  }
  return [...marks].map(([at, bytes]) => ({ at, bytes })).sort((a, b) => a.at - b.at);
}

/**
 * What was used in a stretch of time that begins and ends with an hour.
 *
 * @param {Meter} meter
 * @param {ReadonlyMap<string, DatabaseUse>} databases
 * @param {ReadonlyMap<string, number>} endsAt when databases were deleted
 * @param {number} from
 * @param {number} to
 * @returns {Used}
 */
export function usedBetween(meter, databases, endsAt, from, to) {
  /** @type {Part[]} */
  const parts = [];
  /** @type {string[]} */
  const texts = [];
  /** @type {number[]} */
  const times = [];
  for (const [database, use] of [...databases].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let quantity = 0n;
    const rows =
      meter === 'storedByteMs'
        ? held(use.marks, from, Math.min(to, endsAt.get(database) ?? Infinity))
        : { writeUnits: use.writes, readUnits: use.reads, egressBytes: use.egress }[meter]
            .filter(({ at }) => from <= at && at < to)
            .map((row) => ({
              ...row,
              text: [row.at / HOUR_MS, row.key, row.quantity].filter((part) => part !== '').join(' '),
            }));
    for (const row of rows) {
      quantity += row.quantity;
      texts.push(`${meter} ${database} ${row.text}`);
      times.push(row.at);
    }
    if (quantity > 0n) parts.push({ database, quantity });
  }
  const [firstAt, lastAt] = [
    times.reduce((a, b) => Math.min(a, b), Infinity),
    times.reduce((a, b) => Math.max(a, b), 0),
  ];
  return { parts, entries: texts.length, digest: digestOf(texts), firstAt, lastAt };
}

/**
 * @param {readonly Mark[]} marks
 * @param {number} from
 * @param {number} to
 */
function held(marks, from, to) {
  return marks.flatMap(({ at, bytes }, i) => {
    const until = Math.min(marks[i + 1]?.at ?? Infinity, to);
    const since = Math.max(at, from);
    if (since >= until || bytes === 0n) return [];
    return [{ at, quantity: bytes * BigInt(until - since), text: `${at} ${bytes}` }];
  });
}
