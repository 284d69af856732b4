/** Offered of the past; older ones are reached by their address. */
const MONTHS = 24;

/** The months that can be chosen, the present one in front: `2026-11`, in UTC. */
export function monthsUntil(now: Date): readonly string[] {
  return Array.from({ length: MONTHS }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7),
  );
}
