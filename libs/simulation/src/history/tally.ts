/**
 * A tally is a counter that says by itself which sums are in it, and how often each is:
 *
 *     | 4 bits of the sum at place 15 | … | 4 bits of the sum at place 1 | 4 bits of the sum at place 0 |
 *
 * The sum at a place adds 16 to the power of the place. Nothing else ever changes the key, so that any later read of it shows a sum that was
 * applied twice, also where nobody was told that it was applied at all.
 */
export const PLACES_PER_TALLY = 16;

const PLACE_BITS = 4n;
const MOST_TIMES = (1n << PLACE_BITS) - 1n;

/** What the sum at a place (0 … 15) adds. */
export function operandAt(place: number): bigint {
  return 1n << (PLACE_BITS * BigInt(place));
}

/** How often the sum at a place is in the number, as long as none is in it more than 15 times. */
export function timesAt(place: number, number: bigint): number {
  return Number((number >> (PLACE_BITS * BigInt(place))) & MOST_TIMES);
}
