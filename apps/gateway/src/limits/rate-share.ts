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

/** Of the total, for all gateways together: what those get of whom nothing is asked, when the others ask for more than there is. */
const IDLE_SHARE = 1 / 100;

/**
 * What this gateway may let in. Those who see the same demands get shares that add up to the total exactly, however the load is split:
 *
 * - asked for no more than there is: each gets what is asked of it, and an equal part of the rest;
 * - asked for more: each gets a small equal part ({@link IDLE_SHARE}), and of the rest by what is asked of it.
 *
 * So nobody is refused while there is enough for all, and who was idle has something until its demand is known to the others.
 */
export function rateShare(demand: RateDemand): number {
  const { total, own, gateways } = demand;
  if (gateways <= 1) return total;
  const asked = askedOf(demand);
  if (!isTooMuch(demand)) return own + (total - asked) / gateways;
  const idle = (IDLE_SHARE * total) / gateways;
  return idle + (1 - IDLE_SHARE) * total * (own / asked);
}

/**
 * What of a burst this gateway may have at hand. While there is enough for all, all of it, so that it may be spent wherever a client happens to
 * be; else its share, so that what is at hand adds up to the burst.
 */
export function burstShare(burst: number, demand: RateDemand): number {
  return demand.gateways <= 1 || !isTooMuch(demand) ? burst : Math.max(1, (burst * rateShare(demand)) / demand.total);
}

function isTooMuch(demand: RateDemand): boolean {
  return askedOf(demand) > demand.total;
}

function askedOf({ own, others }: RateDemand): number {
  return own + others;
}
