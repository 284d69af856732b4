import { assert } from '@leasehold/foundation';

/** An amount in the smallest unit of its currency, such as cents. Whole, so that nothing is lost in sums; floating-point numbers never carry money. */
export type Minor = bigint;

/** `part / whole` of an amount, to the nearest minor unit, halves away from zero. */
export function share(amount: Minor, part: bigint, whole: bigint): Minor {
  assert(whole > 0n && part >= 0n, 'a share is of something');
  const twice = 2n * amount * part;
  const half = amount < 0n ? -whole : whole;
  return (twice + half) / (2n * whole);
}

/**
 * Splits an amount in proportion to weights, without losing or gaining a minor unit: each part is rounded down, and what is left goes to those who
 * lost most by that, one each; among equals to the first.
 *
 * @param amount not negative
 * @param weights not negative; where all are zero, the first part gets everything
 */
export function split(amount: Minor, weights: readonly bigint[]): readonly Minor[] {
  assert(
    amount >= 0n && weights.length > 0 && weights.every((weight) => weight >= 0n),
    'there is something to split, and by what',
  );
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (whole === 0n) return weights.map((_, i) => (i === 0 ? amount : 0n));
  const parts = weights.map((weight) => (amount * weight) / whole);
  let left = amount - parts.reduce((sum, part) => sum + part, 0n);
  const byLoss = weights
    .map((weight, i) => ({ i, loss: (amount * weight) % whole }))
    .sort((a, b) => (a.loss === b.loss ? a.i - b.i : a.loss < b.loss ? 1 : -1));
  for (const { i } of byLoss) {
    if (left === 0n) break;
    parts[i] = (parts[i] ?? 0n) + 1n;
    left--;
  }
  return parts;
}
