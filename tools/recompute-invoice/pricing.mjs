// What a month comes to, by the rules of docs/billing.md alone. All numbers that carry money or quantities are bigint.
import { usedBetween } from './usage.mjs';

const HOUR_MS = 3_600_000;
const METERS = /** @type {const} */ (['readUnits', 'writeUnits', 'storedByteMs', 'egressBytes']);
/** Of plans that have no version. */
const FREE = { amount: 0, included: '0' };
const FREE_PER = {
  readUnits: '1000000',
  writeUnits: '1000000',
  storedByteMs: '3600000000000000',
  egressBytes: '1000000000',
};

/**
 * @typedef {{ amount: number, per: string, included: string }} Price
 * @typedef {{ plan: string, version: number, effectiveFrom: string, fee: number, minimum: number, prices: Record<string, Price> }} Version
 * @typedef {{ plans: { plan: string, since: string }[], versions: Version[] }} Prices
 * @typedef {{ database: string, quantity: bigint, amount: bigint }} Part
 * @typedef {{ kind: string, meter: string | null, from: number, to: number, plan: string, planVersion: number, quantity: bigint, included: bigint,
 *   price: { amount: bigint, per: bigint }, amount: bigint, parts: Part[], entries: number, digest: string | null, firstAt: number | null,
 *   lastAt: number | null }} Line
 */

/**
 * The stretches of a month in which one version of a plan held.
 *
 * @param {Prices} prices the first plan is since the organization is there
 * @param {number} from
 * @param {number} to
 */
export function stretchesOf({ plans, versions }, from, to) {
  const hourOf = (/** @type {string} */ text) => Math.floor(Date.parse(text) / HOUR_MS) * HOUR_MS;
  const begin = hourOf(plans[0]?.since ?? '');
  /** @type {{ at: number, version: Version }[]} */
  const changes = [];
  for (const [i, { plan, since }] of plans.entries()) {
    const given = Math.max(begin, hourOf(since));
    const next = plans[i + 1];
    const until = next ? Math.max(begin, hourOf(next.since)) : Infinity;
    const own = versions
      .filter((version) => version.plan === plan)
      .sort((a, b) => Date.parse(a.effectiveFrom) - Date.parse(b.effectiveFrom));
    const present = own.filter(({ effectiveFrom }) => Date.parse(effectiveFrom) <= given).at(-1);
    if (given < until) changes.push({ at: given, version: present ?? withoutPrices(plan) });
    for (const version of own) {
      const at = Date.parse(version.effectiveFrom);
      if (given < at && at < until) changes.push({ at, version });
    }
  }
  return changes.flatMap(({ at, version }, i) => {
    const stretch = { from: Math.max(at, from), to: Math.min(changes[i + 1]?.at ?? Infinity, to), version };
    return stretch.from < stretch.to ? [stretch] : [];
  });
}

/**
 * @param {string} plan
 * @returns {Version}
 */
function withoutPrices(plan) {
  const prices = Object.fromEntries(METERS.map((meter) => [meter, { ...FREE, per: FREE_PER[meter] }]));
  return { plan, version: 0, effectiveFrom: new Date(0).toISOString(), fee: 0, minimum: 0, prices };
}

/**
 * The lines that a month should have.
 *
 * @param {Prices} prices
 * @param {ReadonlyMap<string, import('./usage.mjs').DatabaseUse>} databases
 * @param {ReadonlyMap<string, number>} endsAt
 * @param {{ from: number, to: number }} month
 * @returns {Line[]}
 */
export function expectedLines(prices, databases, endsAt, month) {
  const whole = BigInt(month.to - month.from);
  return stretchesOf(prices, month.from, month.to).flatMap(({ from, to, version }, i) => {
    const part = BigInt(to - from);
    const common = { from, to, plan: version.plan, planVersion: version.version };
    const due = (/** @type {number} */ amount) =>
      rounded(BigInt(amount) * BigInt(to - month.from), whole) -
      rounded(BigInt(amount) * BigInt(from - month.from), whole);
    const fee = flat('fee', common, due(version.fee));
    const metered = METERS.flatMap((meter) => {
      // Hours that a clock has put before the first stretch are of the first stretch.
      const used = usedBetween(meter, databases, endsAt, i === 0 ? month.from : from, to);
      if (used.parts.length === 0) return [];
      const { amount, per, included } = /** @type {Price} */ (version.prices[meter]);
      const free = (BigInt(included) * part + whole - 1n) / whole;
      return [meterLine(meter, common, used, { amount: BigInt(amount), per: BigInt(per) }, free)];
    });
    const lines = [fee, ...metered];
    const sum = lines.reduce((total, line) => total + line.amount, 0n);
    const minimum = flat('minimum', common, due(version.minimum) - sum);
    return [...lines, minimum].filter(({ kind, amount }) => kind === 'meter' || amount > 0n);
  });
}

/**
 * @param {string} kind
 * @param {{ from: number, to: number, plan: string, planVersion: number }} common
 * @param {bigint} amount
 * @returns {Line}
 */
function flat(kind, common, amount) {
  const nothing = { quantity: 0n, included: 0n, price: { amount: 0n, per: 1n }, parts: [], entries: 0 };
  return { kind, meter: null, ...common, ...nothing, amount, digest: null, firstAt: null, lastAt: null };
}

/**
 * @param {string} meter
 * @param {{ from: number, to: number, plan: string, planVersion: number }} common
 * @param {import('./usage.mjs').Used} used
 * @param {{ amount: bigint, per: bigint }} price
 * @param {bigint} free
 * @returns {Line}
 */
function meterLine(meter, common, { parts, ...evidence }, price, free) {
  const quantity = parts.reduce((sum, part) => sum + part.quantity, 0n);
  const included = quantity < free ? quantity : free;
  const amount = rounded(price.amount * (quantity - included), price.per);
  return {
    kind: 'meter',
    meter,
    ...common,
    quantity,
    included,
    price,
    amount,
    parts: divided(amount, parts),
    ...evidence,
  };
}

/**
 * Of what is not negative: to the nearest, halves up.
 * @param {bigint} dividend
 * @param {bigint} divisor
 */
function rounded(dividend, divisor) {
  return (2n * dividend + divisor) / (2n * divisor);
}

/**
 * Rounded down, and what is left one each to those that lost most by it, among equals to the first.
 * @param {bigint} amount
 * @param {readonly { database: string, quantity: bigint }[]} parts
 * @returns {Part[]}
 */
export function divided(amount, parts) {
  const whole = parts.reduce((sum, { quantity }) => sum + quantity, 0n);
  const shares = parts.map((part) => ({
    ...part,
    amount: (amount * part.quantity) / whole,
    lost: (amount * part.quantity) % whole,
  }));
  const left = Number(amount - shares.reduce((sum, share) => sum + share.amount, 0n));
  const luckiest = shares.map((_, i) => i).sort((a, b) => compare(shares[b]?.lost, shares[a]?.lost) || a - b);
  for (const i of luckiest.slice(0, left)) {
    const share = shares[i];
    if (share) share.amount += 1n;
  }
  return shares.map(({ database, quantity, amount: own }) => ({ database, quantity, amount: own }));
}

/**
 * @param {bigint | undefined} a
 * @param {bigint | undefined} b
 */
function compare(a = 0n, b = 0n) {
  return a < b ? -1 : a > b ? 1 : 0;
}
