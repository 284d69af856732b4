import type { Phase, PhaseTimes } from '@leasehold/foundation';
import { PHASES } from '@leasehold/foundation';

/** A worker tells a gateway here, in the syntax of `Server-Timing`, what of the hop's time it has spent on what. Never reaches a client. */
export const HOP_PHASES_HEADER = 'leasehold-phases';

/** A worker names each phase once. */
const MAX_MEMBERS = PHASES.length + 1;
const NAMES: ReadonlySet<string> = new Set(PHASES);
const DURATION = ';dur=';
/** Longer than any request; what claims more is no time. */
const MAX_MS = 86_400_000;

/**
 * Phases as W3C `Server-Timing` (https://www.w3.org/TR/server-timing/), in their order and with all of the time at the end:
 * `auth;dur=0.08, net;dur=0.41, read;dur=25.13, total;dur=25.63`.
 *
 * ms with two decimals, rounded so that the sum of the phases is right to the last digit. Phases that round to nothing are left out.
 *
 * @param totalMs on a watch of its own, so that whoever reads it can see whether the phases account for it
 */
export function formatServerTiming(times: PhaseTimes, totalMs: number): string {
  let text = '';
  let spentMs = 0;
  let told = 0;
  for (const phase of PHASES) {
    const ms = times[phase];
    if (ms === 0) continue;
    spentMs += ms;
    // What is rounded off here is told with the next one.
    const until = Math.round(spentMs * 100);
    if (until <= told) continue;
    text += `${phase};dur=${(until - told) / 100}, `;
    told = until;
  }
  return `${text}total;dur=${Math.round(totalMs * 100) / 100}`;
}

/** What {@link formatServerTiming} has told, without the total. Members that are not ours, or tell of no time, are passed over. */
export function parseServerTiming(header: string | readonly string[] | undefined): Partial<PhaseTimes> {
  const times: Partial<Record<Phase, number>> = {};
  if (typeof header !== 'string') return times;
  for (const member of header.split(', ', MAX_MEMBERS)) {
    const middle = member.indexOf(DURATION);
    const name = member.slice(0, middle);
    if (middle < 0 || !NAMES.has(name)) continue;
    const ms = Number(member.slice(middle + DURATION.length));
    if (ms > 0 && ms < MAX_MS) times[name as Phase] = ms;
  }
  return times;
}
