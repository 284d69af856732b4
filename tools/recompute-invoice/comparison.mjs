// Holds the lines of an issued invoice against those that the records give.
import { divided } from './pricing.mjs';

/**
 * @typedef {import('./pricing.mjs').Line} Line
 * @typedef {{ line: number, database: string, quantity: string, amount: number }} IssuedPart
 * @typedef {{ line: number, kind: string, periodFrom: string, from: string, to: string, plan: string, planVersion: number, meter: string | null,
 *   quantity: string, included: string, price: { amount: number, per: string }, amount: number, firstAt: string | null, lastAt: string | null,
 *   entries: number, digest: string | null }} IssuedLine
 */

/**
 * Lines as the invoice has them, in the shape of those that are expected.
 *
 * @param {readonly IssuedLine[]} lines
 * @param {readonly IssuedPart[]} databases
 * @returns {(Line & { periodFrom: number })[]}
 */
export function issuedLines(lines, databases) {
  return lines.map((line) => ({
    ...{ kind: line.kind, meter: line.meter, plan: line.plan, planVersion: line.planVersion },
    periodFrom: Date.parse(line.periodFrom),
    ...{ from: Date.parse(line.from), to: Date.parse(line.to), entries: line.entries, digest: line.digest },
    ...{ quantity: BigInt(line.quantity), included: BigInt(line.included), amount: BigInt(line.amount) },
    price: { amount: BigInt(line.price.amount), per: BigInt(line.price.per) },
    firstAt: line.firstAt === null ? null : Date.parse(line.firstAt),
    lastAt: line.lastAt === null ? null : Date.parse(line.lastAt),
    parts: databases
      .filter((part) => part.line === line.line)
      .map(({ database, quantity, amount }) => ({ database, quantity: BigInt(quantity), amount: BigInt(amount) })),
  }));
}

/** @param {Line} line */
const placeOf = ({ kind, meter, from, plan, planVersion }) =>
  `${meter ?? kind} from ${new Date(from).toISOString()} by ${plan} ${planVersion}`;

/**
 * What the records give beyond what was billed before: for a month that is billed for the first time, everything.
 *
 * @param {readonly Line[]} expected
 * @param {readonly Line[]} before
 * @returns {Line[]}
 */
export function beyond(expected, before) {
  const places = [...new Set([...expected, ...before].map(placeOf))];
  return places.flatMap((place) => {
    const [now] = expected.filter((line) => placeOf(line) === place);
    const told = before.filter((line) => placeOf(line) === place);
    const line = /** @type {Line} */ (now ?? told[0]);
    const less = (/** @type {(line: Line) => bigint} */ of) =>
      (now ? of(now) : 0n) - told.reduce((sum, each) => sum + of(each), 0n);
    const ids = [
      ...new Set([...(now?.parts ?? []), ...told.flatMap(({ parts }) => parts)].map(({ database }) => database)),
    ];
    const parts = ids.sort().flatMap((database) => {
      const own = (/** @type {Line} */ of) => of.parts.filter((part) => part.database === database);
      const total = (/** @type {Line} */ of, /** @type {'quantity' | 'amount'} */ what) =>
        own(of).reduce((sum, part) => sum + part[what], 0n);
      const part = {
        database,
        quantity: less((of) => total(of, 'quantity')),
        amount: less((of) => total(of, 'amount')),
      };
      return part.quantity === 0n && part.amount === 0n ? [] : [part];
    });
    const amount = less((of) => of.amount);
    if (parts.length === 0 && amount === 0n) return [];
    const evidence = now ? {} : { entries: 0, digest: null, firstAt: null, lastAt: null };
    return [
      { ...line, ...evidence, amount, parts, quantity: less((of) => of.quantity), included: less((of) => of.included) },
    ];
  });
}

/**
 * As much of it as an invoice has room for that may not become negative. A line that fits in part has no units: they stay with the rest.
 *
 * @param {readonly Line[]} lines
 * @param {bigint} room
 * @returns {Line[]}
 */
export function fitting(lines, room) {
  let lacking = -lines.reduce((sum, { amount }) => sum + amount, room);
  return lines.flatMap((line) => {
    if (lacking <= 0n || line.amount >= 0n) return [line];
    const later = lacking < -line.amount ? lacking : -line.amount;
    lacking -= later;
    const amount = line.amount + later;
    if (amount === 0n) return [];
    return [{ ...line, amount, quantity: 0n, included: 0n, parts: sharesOf(line.parts, amount) }];
  });
}

/**
 * An amount that is given back, divided among those that get something back, by how much.
 *
 * @param {Line['parts']} parts
 * @param {bigint} amount
 * @returns {Line['parts']}
 */
function sharesOf(parts, amount) {
  const receiving = parts.filter((part) => part.amount < 0n);
  return divided(
    -amount,
    receiving.map((part) => ({ database: part.database, quantity: -part.amount })),
  ).flatMap((share) => (share.amount === 0n ? [] : [{ ...share, quantity: 0n, amount: -share.amount }]));
}

/**
 * Every difference, in a sentence each.
 *
 * @param {string} month
 * @param {readonly Line[]} expected
 * @param {readonly Line[]} issued
 * @returns {string[]}
 */
export function differences(month, expected, issued) {
  const places = [...new Set([...expected, ...issued].map(placeOf))];
  return places.flatMap((place) => {
    const name = `${month}, ${place}`;
    const [wanted] = expected.filter((line) => placeOf(line) === place);
    const [found, ...more] = issued.filter((line) => placeOf(line) === place);
    if (more.length > 0) return [`${name}: the invoice has the line ${more.length + 1} times`];
    if (found === undefined)
      return [`${name}: the invoice lacks the line, of ${wanted?.quantity} units for ${wanted?.amount}`];
    if (wanted === undefined) return [`${name}: the records give no such line, the invoice has ${found.amount}`];
    const [a, b] = [flatten(wanted), flatten(found)];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((member) =>
      a[member] === b[member]
        ? []
        : [`${name}: ${member} is ${a[member] ?? 'nothing'} by the records, ${b[member] ?? 'nothing'} on the invoice`],
    );
  });
}

/**
 * @param {Line} line
 * @returns {Record<string, string>}
 */
function flatten({ quantity, included, price, amount, to, parts, entries, digest, firstAt, lastAt }) {
  const members = Object.entries({ quantity, included, amount, to, entries, digest, firstAt, lastAt });
  return Object.fromEntries([
    ...members.map(([name, value]) => [name, String(value)]),
    ['price', `${price.amount} per ${price.per}`],
    ...parts.map((part) => [`database ${part.database}`, `${part.quantity} units for ${part.amount}`]),
  ]);
}
