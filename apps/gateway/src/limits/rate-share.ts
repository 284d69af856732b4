/** Of a rate that several gateways share. All in units per second. */
export interface RateDemand {
  /** What all of them together may let in. */
  readonly total: number;
  /** What is asked of this one, also of what it refuses. */
  readonly own: number;
  /** What is asked of all others together. */
  readonly others: number;
  /** How many there are, this one included. */
  readonly gateways: number;
}

/** Of the total, for all gateways together: what is left at least to those of whom nothing is asked, an equal part each. */
const IDLE_SHARE = 1 / 100;

/**
 * What this gateway may let in. Those who see the same demands get shares that add up to the total exactly, however the load is split:
 *
 * - asked for no more than all but {@link IDLE_SHARE}: each gets what is asked of it, and an equal part of the rest;
 * - asked for more: each gets an equal part of that small share, and of all the rest by what is asked of it.
 *
 * So nobody is refused while there is enough for all, and who was idle has something until its demand is known to the others: a share is never nothing.
 */
export function rateShare({ total, own, others, gateways }: RateDemand): number {
  if (gateways <= 1) return total;
  const asked = own + others;
  const forAskers = (1 - IDLE_SHARE) * total;
  // Where one goes over into the other both are the same.
  if (asked <= forAskers) return own + (total - asked) / gateways;
  return (total - forAskers) / gateways + forAskers * (own / asked);
}

/**
 * What of a burst this gateway may have at hand. While there is enough for all, all of it, so that it may be spent wherever a client happens to
 * be; else its share, so that what is at hand adds up to the burst.
 */
export function burstShare(burst: number, demand: RateDemand): number {
  const { total, own, others, gateways } = demand;
  return gateways <= 1 || own + others <= total ? burst : Math.max(1, (burst * rateShare(demand)) / total);
}
